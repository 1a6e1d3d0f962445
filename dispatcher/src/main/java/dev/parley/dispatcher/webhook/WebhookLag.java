package dev.parley.dispatcher.webhook;

import dev.parley.conversation.log.ShardLog.Tail;
import dev.parley.dispatcher.lag.LagGauges;
import dev.parley.dispatcher.lag.LogEnds;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the endpoints are behind the log in the shards of this dispatcher: where these end, as the broker says, against
 * the cursors. What a reader has heard of the shard itself plays no part, and one that cannot get its cursor has dealt with
 * nothing. Belongs to the loop.
 */
final class WebhookLag {
  private static final Logger LOG = LoggerFactory.getLogger(WebhookLag.class);

  private final IntFunction<ShardTail> tails;
  private final IntFunction<List<WebhookReader>> readers;
  private final WebhookMetrics metrics;
  private final Executor loop;
  private final Map<Integer, LogEnds> shards = new HashMap<>();
  private Instant lookAt = Instant.MIN;

  /**
   * Nothing is known yet.
   *
   * @param readers of a shard, one for each endpoint that is to get what happens in it
   */
  WebhookLag(
      IntFunction<ShardTail> tails, IntFunction<List<WebhookReader>> readers, WebhookMetrics metrics, Executor loop) {
    this.tails = tails;
    this.readers = readers;
    this.metrics = metrics;
    this.loop = loop;
  }

  private record Asked(int shard, Instant at, CompletableFuture<Tail> tail) {}

  /** Looks again if it is time, and tells it; or nothing, if the broker does not say where these shards end. */
  void tick(Instant now, Set<Integer> owned) {
    if (now.isBefore(lookAt)) {
      return;
    }
    lookAt = now.plus(LagGauges.EVERY);
    List<Integer> read = owned.stream().filter(shard -> !readers.apply(shard).isEmpty()).toList();
    shards.keySet().retainAll(read);
    List<Asked> asked = new ArrayList<>();
    for (int shard : read) {
      shards.computeIfAbsent(shard, fresh -> new LogEnds(now));
      ShardTail tail = tails.apply(shard);
      CompletableFuture<Tail> end = tail.get(now);
      asked.add(new Asked(shard, tail.askedAt(), end));
    }
    CompletableFuture.allOf(asked.stream().map(Asked::tail).toArray(CompletableFuture[]::new))
        .whenCompleteAsync(
            (all, failure) -> {
              if (failure == null) {
                tell(now, asked);
              } else {
                LOG.debug("the broker does not say where shards end", failure);
              }
            },
            loop);
  }

  private void tell(Instant now, List<Asked> asked) {
    long records = 0;
    boolean known = true;
    Instant oldest = now;
    Instant dealtWith = now;
    for (Asked each : asked) {
      LogEnds ends = shards.get(each.shard());
      List<WebhookReader> reading = readers.apply(each.shard());
      if (ends == null || reading.isEmpty()) {
        continue; // it went to another dispatcher meanwhile, or nobody wants to know any more
      }
      long end = each.tail().join().position();
      long slowest = Long.MAX_VALUE;
      for (WebhookReader reader : reading) {
        long position = reader.dealtWith();
        slowest = Math.min(slowest, position);
        known &= position != WebhookReader.UNKNOWN;
        records += Math.max(0, end - position);
      }
      oldest = each.at().isBefore(oldest) ? each.at() : oldest;
      ends.seen(end, each.at(), slowest);
      dealtWith = ends.dealtWith().isBefore(dealtWith) ? ends.dealtWith() : dealtWith;
    }
    if (known) {
      metrics.lag(records, oldest, dealtWith);
    } else {
      metrics.lag(oldest, dealtWith);
    }
  }
}
