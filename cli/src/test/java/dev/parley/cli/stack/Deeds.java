package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.sdk.MemoryCursorStore;
import dev.parley.sdk.ParleyException;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.Command;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Stored;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.LongStream;

/** What users do with their devices in these tests. */
final class Deeds {
  /** Enough in flight to write thousands of messages in a moment. */
  private static final SessionOptions WRITER = SessionOptions.forDevice("d").withCommands(1_000, 64);

  private Deeds() {}

  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  static SessionOptions writer() {
    return WRITER;
  }

  /** A device that knows one conversation up to this cursor. */
  static SessionOptions knowing(String device, String conversation, Cursor cursor) {
    MemoryCursorStore store = new MemoryCursorStore();
    store.save(conversation, cursor);
    return SessionOptions.forDevice(device).withCursors(store);
  }

  static Command.Builder command(Device device, String conversation) {
    return Command.newBuilder().setConversationId(conversation).setClientEventId(device.session().newId());
  }

  static void assertRefused(CompletableFuture<?> future, ErrorReason reason) {
    assertThatThrownBy(() -> get(future))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(ParleyException.class, refusal -> assertThat(refusal.reason()).isEqualTo(reason));
  }

  static void sendMany(Device writer, String id, int count) throws Exception {
    List<CompletableFuture<Stored>> sent = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sent.add(writer.session().sendText(id, "message " + i));
      if (sent.size() == 500) {
        get(CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)));
        sent.clear();
      }
    }
    get(CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)));
  }

  /**
   * A reader goes away, misses so many messages, comes back while the writer goes on, and gets exactly what it missed
   * and then what happens.
   *
   * @param back opens the session with which the reader comes back
   */
  static void missAndComeBack(
      Device writer, Device reader, String id, int missed, Function<SessionOptions, Device> back) throws Exception {
    reader.heard().awaitSeq(id, 1);
    reader.session().close();
    sendMany(writer, id, missed);

    AtomicBoolean live = new AtomicBoolean();
    FutureTask<Long> load = new FutureTask<>(() -> writeUntil(writer, id, live));
    Thread.ofPlatform().daemon().name("load").start(load);
    Device again = back.apply(knowing("phone", id, reader.heard().cursor(id)));
    live.set(true);
    long last = load.get(60, TimeUnit.SECONDS);
    again.heard().awaitSeq(id, last);
    assertThat(last).isGreaterThan(1L + missed);
    assertThat(again.heard().seqs(id)).isEqualTo(LongStream.rangeClosed(2, last).boxed().toList());
    assertThat(again.heard().resets).isEmpty();
  }

  /** Writes one message after the other until told to stop, and 50 more; the last one's seq. */
  private static long writeUntil(Device writer, String id, AtomicBoolean live) throws Exception {
    long last = 0;
    for (int after = 0; after < 50; after += live.get() ? 1 : 0) {
      last = get(writer.session().sendText(id, "during")).getCursor().getSeq();
    }
    return last;
  }
}
