package dev.parley.sdk;

import dev.parley.v1.Command;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A command in the outbox. Its fields belong to the {@link Outbox}. */
final class PendingCommand {
  /** With its client event id, which it gets at the latest when it is sent first. */
  Command command;
  final CompletableFuture<Answer> answer = new CompletableFuture<>();
  final long deadline;

  /** The stream on which it is under way; 0: none. */
  int stream;
  /** Not to be sent before. */
  long retryAt;
  /** How often it was refused for a while. */
  int refusals;
  /** An earlier sending has ended without an answer, so it may be stored. */
  boolean uncertain;
  /** The caller has been told; it stays only because the stream may still answer. */
  boolean abandoned;
  @Nullable ParleyException lastRefusal;

  /** @param deadline until when it is tried, by the protocol's clock, in milliseconds */
  PendingCommand(Command command, long deadline) {
    this.command = command;
    this.deadline = deadline;
  }

  String id() {
    return command.getClientEventId();
  }

  /** Commands of one lane keep their order. */
  String lane() {
    return command.getConversationId();
  }
}
