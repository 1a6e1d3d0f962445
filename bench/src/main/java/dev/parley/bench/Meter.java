package dev.parley.bench;

import dev.parley.sdk.ParleyException;
import dev.parley.v1.ErrorReason;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * Counts and latencies of a run. A latency runs from the scheduled time, so a server that stalls the load makes all
 * that should have been sent meanwhile late too. Only what was scheduled after the warm-up counts, and a stream that
 * was lost counts when it came back after that.
 *
 * <p>Thread-safe.
 */
final class Meter {
  private static final long MAX_MICROS = 600_000_000;
  private static final String REASON_PREFIX = "ERROR_REASON_";

  private final Recorder delivery = new Recorder(MAX_MICROS, 3);
  private final Recorder ack = new Recorder(MAX_MICROS, 3);
  private final Histogram allDeliveries = new Histogram(MAX_MICROS, 3);
  private final Histogram allAcks = new Histogram(MAX_MICROS, 3);
  final LongAdder sent = new LongAdder();
  final LongAdder acked = new LongAdder();
  final LongAdder resent = new LongAdder();
  final LongAdder delivered = new LongAdder();
  private final LongAdder open = new LongAdder();
  private final LongAdder errors = new LongAdder();
  private volatile String lastError = "";
  private volatile long fromNanos = Long.MAX_VALUE;
  private final Stretch whole = new Stretch();
  private volatile Stretch stretch = new Stretch();
  private final int rate;

  /** @param rate messages a second that are due */
  Meter(int rate) {
    this.rate = rate;
  }

  /** What was due before does not count. */
  void countFrom(long startNanos) {
    fromNanos = startNanos;
  }

  boolean counts(long scheduledNanos) {
    return scheduledNanos >= fromNanos;
  }

  void sent(long scheduledNanos) {
    open.increment();
    if (counts(scheduledNanos)) {
      sent.increment();
    }
  }

  void acked(long scheduledNanos) {
    open.decrement();
    if (counts(scheduledNanos)) {
      acked.increment();
      ack.recordValue(microsSince(scheduledNanos));
      answered(scheduledNanos);
    }
  }

  /** Refused, or without an answer before its deadline. */
  void refused(long scheduledNanos, ParleyException refusal) {
    open.decrement();
    if (counts(scheduledNanos)) {
      String reason = refusal.reason() == ErrorReason.ERROR_REASON_UNSPECIFIED
          ? refusal.code().name()
          : refusal.reason().name().substring(REASON_PREFIX.length());
      whole.refused(reason);
      stretch.refused(reason);
      answered(scheduledNanos);
    }
  }

  private void answered(long scheduledNanos) {
    long now = System.nanoTime();
    whole.answered(now - scheduledNanos, now);
    stretch.answered(now - scheduledNanos, now);
  }

  /** A command goes out again. */
  void resending() {
    open.increment();
    resent.increment();
  }

  /** It was answered. */
  void resentAnswered() {
    open.decrement();
  }

  /** A client has lost its stream. */
  void reconnecting() {
    if (System.nanoTime() >= fromNanos) {
      whole.reconnected();
      stretch.reconnected();
    }
  }

  /** A client has gone over to a new stream before the old one ended. */
  void handedOver() {
    if (System.nanoTime() >= fromNanos) {
      whole.handedOver();
      stretch.handedOver();
    }
  }

  /** A client was not live from then until now. */
  void wasAway(long sinceNanos) {
    long now = System.nanoTime();
    if (now >= fromNanos) {
      whole.arrived(now - sinceNanos, now);
      stretch.arrived(now - sinceNanos, now);
    }
  }

  /** From now on waits are kept apart too: returns where. */
  Stretch beginStretch() {
    stretch = new Stretch();
    return stretch;
  }

  /** Nothing has waited for so long that it counts as late, and for a second nothing has come late. */
  boolean isCaughtUp(Stretch since) {
    long lateAtThisRate = rate * Stretch.LATE / 1_000_000_000;
    return open.sum() <= lateAtThisRate && since.quietFor(System.nanoTime()) >= 1_000_000_000;
  }

  /** The waits of the whole run. */
  Waits waits() {
    return whole.waits();
  }

  /** Every message has been acknowledged or refused. */
  boolean isAnswered() {
    return open.sum() == 0;
  }

  void error(ParleyException error) {
    errors.increment();
    lastError = String.valueOf(error.getMessage());
  }

  /** How many errors the clients were told, and the last one in words; empty: none. */
  String errors() {
    return errors.sum() == 0 ? "" : "  errors " + errors.sum() + ", the last: " + lastError;
  }

  void delivered(long scheduledNanos) {
    if (counts(scheduledNanos)) {
      delivered.increment();
      delivery.recordValue(microsSince(scheduledNanos));
      long now = System.nanoTime();
      whole.arrived(now - scheduledNanos, now);
      stretch.arrived(now - scheduledNanos, now);
    }
  }

  /** Deliveries since the last call, which are kept for the result too. */
  synchronized Histogram interval() {
    Histogram interval = delivery.getIntervalHistogram();
    allDeliveries.add(interval);
    allAcks.add(ack.getIntervalHistogram());
    return interval;
  }

  synchronized Histogram deliveries() {
    interval();
    return allDeliveries;
  }

  synchronized Histogram acks() {
    interval();
    return allAcks;
  }

  private static long microsSince(long nanos) {
    return Math.clamp((System.nanoTime() - nanos) / 1_000, 0, MAX_MICROS);
  }
}
