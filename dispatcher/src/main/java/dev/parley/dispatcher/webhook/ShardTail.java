package dev.parley.dispatcher.webhook;

import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.Tail;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The end of a shard's log, asked for once for all endpoints that want to know it. Belongs to the loop. */
final class ShardTail {
  private final ShardLog log;
  private final Duration fresh;
  private @Nullable CompletableFuture<Tail> newest;
  private Instant askedAt = Instant.MIN;

  /** {@code fresh}: how old an answer may be. */
  ShardTail(ShardLog log, Duration fresh) {
    this.log = log;
    this.fresh = fresh;
  }

  CompletableFuture<Tail> get(Instant now) {
    CompletableFuture<Tail> known = newest;
    if (known == null || !now.isBefore(askedAt.plus(fresh))) {
      known = log.tail();
      newest = known;
      askedAt = now;
    }
    return known;
  }

  /** When the end was asked for that was given out last. */
  Instant askedAt() {
    return askedAt;
  }
}
