package dev.parley.router.shard;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Where a shard's log begins. It may be trimmed at any time, so the log is asked again when its last answer is older than
 * a second; whoever finds a trimmed record in between knows better and says so.
 *
 * <p>Belongs to the shard's thread.
 */
final class LogStart {
  private static final Duration RECENT = Duration.ofSeconds(1);

  private final ShardContext context;
  private long first = 1;
  private boolean asked;
  private long askedNanos;
  private @Nullable CompletableFuture<Long> asking;

  LogStart(ShardContext context) {
    this.context = context;
  }

  /**
   * The first position that is left, as of not longer than a second ago. When the log does not tell, what was known: who
   * then reads what was trimmed is told by the reading.
   */
  CompletableFuture<Long> recent() {
    if (asking != null) {
      return asking;
    }
    long now = context.nanos().getAsLong();
    if (asked && now - askedNanos < RECENT.toNanos()) {
      return CompletableFuture.completedFuture(first);
    }
    asked = true;
    askedNanos = now;
    CompletableFuture<Long> answer = new CompletableFuture<>();
    asking = answer;
    context
        .log()
        .tail()
        .whenComplete(
            Completion.seen(
                (tail, failure) -> {
                  if (failure == null) {
                    saw(tail.first());
                  }
                  told(answer);
                }));
    if (!answer.isDone()) {
      context.timer().after(RECENT, () -> told(answer)); // nobody waits for an answer that was lost
    }
    return answer;
  }

  private void told(CompletableFuture<Long> answer) {
    if (asking == answer) {
      asking = null;
    }
    answer.complete(first);
  }

  /** No position before this one is left. */
  void saw(long firstKept) {
    first = Math.max(first, firstKept);
  }

  /** The log may be another one. */
  void forget() {
    first = 1;
    asked = false;
  }
}
