package dev.parley.router.shard;

import dev.parley.chassis.resilience.Hop;
import dev.parley.conversation.history.ReadRetry;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.ShardLog;
import dev.parley.router.feed.RouterId;
import dev.parley.router.moderation.Moderation;
import java.time.InstantSource;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * What all shards of a router have in common.
 *
 * @param self this router
 * @param peers the others
 * @param nanos a monotonic clock
 * @param retry how often a reader asks again
 * @param blocks whether one of two users has blocked the other
 * @param moderation who is asked before something is said
 * @param nats the hop to the broker, driven by the appends of all shards
 * @param metrics what happens is told here
 */
public record ShardSurroundings(
    RouterId self,
    Broker broker,
    Peers peers,
    OwnerLimits limits,
    InstantSource clock,
    LongSupplier nanos,
    ReadRetry retry,
    BiPredicate<String, String> blocks,
    Moderation moderation,
    Hop nats,
    ShardMetrics metrics) {
  /** What the owner of one shard works with. */
  ShardContext context(int shard, ShardLog log, Timer timer, RandomGenerator random) {
    return new ShardContext(
        shard,
        self.name(),
        self.incarnation(),
        broker.layout().window(),
        new ReportedLog(log, nats),
        limits,
        clock,
        nanos,
        timer,
        random,
        blocks,
        broker::connected,
        metrics);
  }
}
