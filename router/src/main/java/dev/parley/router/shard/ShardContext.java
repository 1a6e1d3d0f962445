package dev.parley.router.shard;

import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.ShardLog;
import java.time.InstantSource;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * What the owner of a shard works with. Everything asynchronous in it completes on the shard's thread.
 *
 * @param shard its number
 * @param router this router's name
 * @param incarnation a random number that this process, and no other, has drawn
 * @param window how many appends may be in flight, as {@link Layout#window} says
 * @param nanos time that never goes back, in nanoseconds from any moment on
 * @param blocks whether one of two users has blocked the other
 * @param connected whether the broker can be reached right now
 * @param metrics what happens is told here
 */
record ShardContext(
    int shard,
    String router,
    long incarnation,
    int window,
    ShardLog log,
    OwnerLimits limits,
    InstantSource clock,
    LongSupplier nanos,
    Timer timer,
    RandomGenerator random,
    BiPredicate<String, String> blocks,
    BooleanSupplier connected,
    ShardMetrics metrics) {}
