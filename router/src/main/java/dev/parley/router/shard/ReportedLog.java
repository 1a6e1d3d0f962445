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
 * <p>Fillers and Owner records without an answer count once, until something is answered: while a single stream is stuck its
 * owner sends some dozens of them again and again ({@link Tenure#stuck}), and they must not close the way of all shards.
 *
 * <p>Belongs to the shard's thread.
 */
final class ReportedLog implements ShardLog {
  private final ShardLog log;
  private final Hop hop;
  private boolean unanswered;

  ReportedLog(ShardLog log, Hop hop) {
    this.log = log;
    this.hop = hop;
  }

  @Override
  public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
    boolean said = !key.equals(FILLER_KEY) && !key.equals(OWNER_KEY);
    CompletableFuture<Long> appended = log.append(key, record, expectedLast);
    appended.whenComplete(Completion.seen((position, failure) -> report(said, failure)));
    return appended;
  }

  /** {@code said}: somebody has said what was to be stored. */
  private void report(boolean said, @Nullable Throwable failure) {
    Kind kind = failure == null ? null : Tenure.kindOf(failure);
    if (failure == null || (kind != Kind.UNKNOWN && kind != Kind.NOT_SENT)) {
      unanswered = false;
      hop.succeeded();
    } else if (said || !unanswered) {
      unanswered = true;
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
