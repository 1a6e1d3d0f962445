package dev.parley.router.shard;

import dev.parley.chassis.resilience.Hop;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A log whose appends tell a hop whether the broker answers them. A refusal is an answer. It delays, repeats and refuses
 * nothing.
 *
 * <p>That what a new term begins with gets no answer says nothing of the broker, which has just told the log's tail, but that
 * this one stream is stuck: {@link Tenure#stuck}. It would be many failures again and again, and close the way of all shards.
 */
record ReportedLog(ShardLog log, Hop hop) implements ShardLog {
  @Override
  public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
    CompletableFuture<Long> appended = log.append(key, record, expectedLast);
    appended.whenComplete(Completion.seen((position, failure) -> report(key, failure)));
    return appended;
  }

  private void report(String key, @Nullable Throwable failure) {
    Kind kind = failure == null ? null : Tenure.kindOf(failure);
    if (failure == null || (kind != Kind.UNKNOWN && kind != Kind.NOT_SENT)) {
      hop.succeeded();
    } else if (!key.equals(FILLER_KEY) && !key.equals(OWNER_KEY)) {
      hop.failed(failure);
    }
  }

  @Override
  public CompletableFuture<Tail> tail() {
    return log.tail();
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> last(String key) {
    return log.last(key);
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position) {
    return log.lastUpTo(key, position);
  }

  @Override
  public CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions) {
    return log.read(positions);
  }

  @Override
  public CompletableFuture<Void> replace(long position, byte[] cut) {
    return log.replace(position, cut);
  }

  @Override
  public CompletableFuture<Void> trim(long firstKept) {
    return log.trim(firstKept);
  }
}
