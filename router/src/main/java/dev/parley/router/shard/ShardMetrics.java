package dev.parley.router.shard;

import dev.parley.chassis.telemetry.Traces;

/** What the shards of a router tell of themselves. Times are of a clock that never goes back, in nanoseconds. Thread-safe. */
public interface ShardMetrics {
  /** Counts nothing. */
  ShardMetrics NONE = new ShardMetrics() {};

  /** Where spans are made. */
  default Traces traces() {
    return Traces.NONE;
  }

  /** The broker has acknowledged a record that was sent at this time. */
  default void acknowledged(long sentNanos) {}

  /** So many events are known to be on the log, in a record that was sent at this time. */
  default void stored(long sentNanos, int events) {}

  /**
   * An owner makes sure of its log, and decides nothing until it {@link #owned owns} the shard again; {@code takingOver}:
   * because it has just become the owner.
   */
  default void settling(int shard, boolean takingOver) {}

  /** This router owns the shard and decides there, or has nothing to do with it any more. */
  default void owned(int shard, boolean owned) {}

  /** A shard that this router owns has filled so much of its room, 0 to 1. */
  default void filled(int shard, double ratio) {}
}
