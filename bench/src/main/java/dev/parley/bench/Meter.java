package dev.parley.bench;

import dev.parley.sdk.ParleyException;
import dev.parley.sdk.Violation;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * Counts and latencies of a run. A latency runs from the scheduled time, so a server that stalls the load makes all that
 * should have been sent meanwhile late too. Only what was scheduled within the measured window counts.
 *
 * <p>Thread-safe.
 */
final class Meter {
  private static final long MAX_MICROS = 600_000_000;

  private final Recorder delivery = new Recorder(MAX_MICROS, 3);
  private final Recorder ack = new Recorder(MAX_MICROS, 3);
  private final Histogram allDeliveries = new Histogram(MAX_MICROS, 3);
  private final Histogram allAcks = new Histogram(MAX_MICROS, 3);
  final LongAdder sent = new LongAdder();
  final LongAdder acked = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder delivered = new LongAdder();
  private final LongAdder open = new LongAdder();
  private final Queue<Violation> violations = new ConcurrentLinkedQueue<>();
  private final LongAdder errors = new LongAdder();
  private volatile String lastError = "";
  private volatile long fromNanos = Long.MAX_VALUE;
  private volatile long toNanos = Long.MAX_VALUE;

  /** Which scheduled times count. */
  void window(long startNanos, long endNanos) {
    toNanos = endNanos;
    fromNanos = startNanos;
  }

  boolean counts(long scheduledNanos) {
    return scheduledNanos >= fromNanos && scheduledNanos < toNanos;
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
    }
  }

  /** Refused, or without an answer before its deadline. */
  void refused() {
    open.decrement();
    refused.increment();
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

  void violation(Violation violation) {
    violations.add(violation);
  }

  /** What the clients themselves have noticed. */
  List<Violation> violations() {
    return List.copyOf(violations);
  }

  long violations(Violation.Kind kind) {
    return violations.stream().filter(each -> each.kind() == kind).count();
  }

  void delivered(long scheduledNanos) {
    if (counts(scheduledNanos)) {
      delivered.increment();
      delivery.recordValue(microsSince(scheduledNanos));
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
