package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.MarkLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Read marks: one stream, a subject per shard. */
final class JetStreamMarkLog implements MarkLog {
  private final Requests requests;

  JetStreamMarkLog(Requests requests) {
    this.requests = requests;
  }

  @Override
  public CompletableFuture<Long> append(int shard, byte[] marks) {
    return requests.publish(StreamNames.marks(shard), null, marks);
  }

  @Override
  public CompletableFuture<@Nullable Void> readAll(int shard, Consumer<StoredRecord> reader) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    readFrom(shard, 1, reader, done);
    return done;
  }

  /** One message after another: trimming keeps them few. */
  private void readFrom(
      int shard, long position, Consumer<StoredRecord> reader, CompletableFuture<@Nullable Void> done) {
    requests.nextBySubject(StreamNames.MARKS, StreamNames.marks(shard), position).whenComplete((record, failure) -> {
      if (failure != null) {
        done.completeExceptionally(failure);
      } else if (record == null) {
        done.complete(null);
      } else {
        reader.accept(record);
        readFrom(shard, record.position() + 1, reader, done);
      }
    });
  }

  @Override
  public CompletableFuture<@Nullable Void> trim(int shard, long firstKept) {
    return requests.purge(StreamNames.MARKS, StreamNames.marks(shard), firstKept);
  }
}
