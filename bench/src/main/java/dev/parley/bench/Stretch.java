package dev.parley.bench;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * The longest waits of one stretch of a run: of all that is measured, or of what follows a fault until the next one.
 * What came later than {@link #LATE} makes the clients count as not caught up until then.
 *
 * <p>Thread-safe.
 */
final class Stretch {
  /** In nanoseconds: far above what a healthy deployment needs at a load that it can carry. */
  static final long LATE = 250_000_000;

  private final LongAccumulator longestWait = new LongAccumulator(Math::max, 0);
  private final LongAccumulator longestGap = new LongAccumulator(Math::max, 0);
  private final LongAccumulator lastLate = new LongAccumulator(Math::max, Long.MIN_VALUE);
  private final Histogram arrivals = new ConcurrentHistogram(3);
  private final LongAdder reconnects = new LongAdder();
  private final LongAdder handOvers = new LongAdder();
  private final Map<String, LongAdder> refused = new ConcurrentHashMap<>();

  /** A send was answered, with whatever. */
  void answered(long waitedNanos, long now) {
    longestWait.accumulate(waitedNanos);
    late(waitedNanos, now);
  }

  /** A message came that was due so long ago, or a client is live again after so long. */
  void arrived(long waitedNanos, long now) {
    longestGap.accumulate(waitedNanos);
    arrivals.recordValue(Math.max(0, waitedNanos / 1_000));
    late(waitedNanos, now);
  }

  private void late(long waitedNanos, long now) {
    if (waitedNanos > LATE) {
      lastLate.accumulate(now);
    }
  }

  void reconnected() {
    reconnects.increment();
  }

  void handedOver() {
    handOvers.increment();
  }

  void refused(String reason) {
    refused.computeIfAbsent(reason, key -> new LongAdder()).increment();
  }

  /** How long after a moment of {@link System#nanoTime} something came late for the last time, in nanoseconds. */
  long caughtUpAfter(long nanos) {
    return Math.max(0, lastLate.get() == Long.MIN_VALUE ? 0 : lastLate.get() - nanos);
  }

  /** The 99th percentile of the waits of what has come, in microseconds. */
  long p99Micros() {
    return arrivals.getValueAtPercentile(99);
  }

  /** For how long nothing has come late, in nanoseconds. */
  long quietFor(long now) {
    return lastLate.get() == Long.MIN_VALUE ? Long.MAX_VALUE : now - lastLate.get();
  }

  Waits waits() {
    Map<String, Long> reasons = new TreeMap<>();
    refused.forEach((reason, count) -> reasons.put(reason, count.sum()));
    return new Waits(
        longestWait.get() / 1_000, longestGap.get() / 1_000, reconnects.sum(), handOvers.sum(), reasons);
  }
}
