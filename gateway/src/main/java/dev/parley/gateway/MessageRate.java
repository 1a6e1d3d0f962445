package dev.parley.gateway;

import java.util.concurrent.TimeUnit;

/** So many a second on average, and twice as many at once. Not thread-safe. */
final class MessageRate {
  private final long nanosForOne;
  private final long burstNanos;
  /** When all that was taken would have come at the average rate. */
  private long paidUntil;

  MessageRate(int perSecond, long nowNanos) {
    this.nanosForOne = TimeUnit.SECONDS.toNanos(1) / perSecond;
    this.burstNanos = 2 * TimeUnit.SECONDS.toNanos(1);
    this.paidUntil = nowNanos;
  }

  /** Counts one; false: it is one too many. */
  boolean take(long nowNanos) {
    if (paidUntil - nowNanos < 0) {
      paidUntil = nowNanos;
    }
    if (paidUntil - nowNanos + nanosForOne > burstNanos) {
      return false;
    }
    paidUntil += nanosForOne;
    return true;
  }
}
