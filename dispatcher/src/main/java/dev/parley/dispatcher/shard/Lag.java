package dev.parley.dispatcher.shard;

import dev.parley.conversation.log.DispatchLog;
import dev.parley.dispatcher.lag.LagGauges;
import dev.parley.dispatcher.lag.LogEnds;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far this dispatcher is behind the log: where its shards end, as the broker says, against what is acknowledged on the
 * dispatchers' log. What it has read itself plays no part, so a feed that stands still and a shard that cannot be taken
 * count like one that is slow. Belongs to the dispatcher's thread.
 */
final class Lag {
  /** How often the broker is asked, once for each shard of this dispatcher. */
  static final Duration EVERY = LagGauges.EVERY;

  private static final Logger LOG = LoggerFactory.getLogger(Lag.class);

  private final Surroundings around;
  private final Map<Integer, Behind> shards = new HashMap<>();

  Lag(Surroundings around) {
    this.around = around;
  }

  /** A shard since it is this dispatcher's to do. */
  private static final class Behind {
    private final LogEnds ends;
    private long begin = DispatchLog.UNKNOWN;

    Behind(Instant since) {
      ends = new LogEnds(since);
    }

    /** Nothing was ever acknowledged: then dispatchers begin where the shard ended when it was first seen. */
    long beginning(long end) {
      if (begin == DispatchLog.UNKNOWN) {
        begin = end;
      }
      return begin;
    }
  }

  /** Looks once how far behind these shards are, and tells it; or nothing, if the broker does not say. */
  void look(Set<Integer> mine) {
    Instant asked = around.clock().instant();
    shards.keySet().retainAll(mine);
    mine.forEach(shard -> shards.computeIfAbsent(shard, fresh -> new Behind(asked)));
    List<Integer> order = List.copyOf(mine);
    List<CompletableFuture<Long>> ends = order.stream().map(around.broker().dispatch()::end).toList();
    around.on(
        CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)),
        (all, failure) -> {
          if (failure == null) {
            tell(asked, order, ends.stream().map(CompletableFuture::join).toList());
          } else {
            LOG.debug("{}: the broker does not say where its shards end", around.self(), failure);
          }
        });
  }

  private void tell(Instant asked, List<Integer> order, List<Long> ends) {
    long records = 0;
    List<Instant> dealtWith = new ArrayList<>(List.of(asked));
    for (int i = 0; i < order.size(); i++) {
      Behind behind = shards.get(order.get(i));
      if (behind == null) {
        continue; // it went to another dispatcher meanwhile
      }
      long end = ends.get(i);
      long known = around.history().position(order.get(i));
      long acknowledged = known == DispatchLog.UNKNOWN ? behind.beginning(end) : known;
      behind.ends.seen(end, asked, acknowledged);
      records += Math.max(0, end - acknowledged);
      dealtWith.add(behind.ends.dealtWith());
    }
    around.metrics().lag(records, asked, Collections.min(dealtWith));
  }
}
