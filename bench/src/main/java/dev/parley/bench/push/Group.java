package dev.parley.bench.push;

import dev.parley.sdk.ParleySession;
import dev.parley.v1.Command;
import dev.parley.v1.Message;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;

/** A group that gets messages, by a session that stays. Thread-safe. */
final class Group {
  private final String id;
  /** By what its phones are found: unique among all groups of all runs. */
  private final String label;
  private final ParleySession sender;
  private final LongAdder acked = new LongAdder();

  Group(String id, String label, ParleySession sender) {
    this.id = id;
    this.label = label;
    this.sender = sender;
  }

  String label() {
    return label;
  }

  /** Sends a message; fails when it is not known to be stored. */
  CompletableFuture<Void> send(String text) {
    Command command =
        Command.newBuilder()
            .setConversationId(id)
            .setClientEventId(sender.newId())
            .setMessage(Message.newBuilder().setText(text))
            .build();
    return sender.send(command).thenAccept(stored -> acked.increment());
  }

  /** How many messages are stored. */
  long acked() {
    return acked.sum();
  }
}
