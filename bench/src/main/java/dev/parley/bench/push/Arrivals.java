package dev.parley.bench.push;

import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Hears what comes to the probes, and how long after it was due: by the clock of this machine, on which the lab is, too.
 * Thread-safe.
 */
final class Arrivals implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 10;

  private final Histogram total = new ConcurrentHistogram(3);
  private final Histogram firstHalf = new ConcurrentHistogram(3);
  private final Histogram secondHalf = new ConcurrentHistogram(3);
  private final CountDownLatch listening = new CountDownLatch(1);
  private final Thread thread;
  private volatile long from = Long.MAX_VALUE;
  private volatile long half = Long.MAX_VALUE;
  private volatile long until = Long.MAX_VALUE;
  private volatile boolean complete = true;
  private volatile boolean closed;

  /** Listens from now on; measures nothing yet. */
  Arrivals(Lab lab, PrintStream progress) throws InterruptedException {
    this.thread = Thread.ofVirtual().start(() -> listen(lab, progress));
    if (!listening.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      close();
      throw new IllegalStateException("the push lab does not tell of pushes");
    }
  }

  private void listen(Lab lab, PrintStream progress) {
    try {
      lab.arrivals(PushCrowd.PROBES, listening::countDown, this::arrived);
      progress.println("push: the push lab tells of pushes no more");
    } catch (IOException | RuntimeException e) {
      if (!closed) {
        progress.println("push: the push lab does not tell of pushes any more: " + e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    complete = closed;
  }

  /** Measures messages that are due within this time, in microseconds since 1970. */
  void measure(long first, long last) {
    until = last;
    half = first + (last - first) / 2;
    from = first;
  }

  private void arrived(Lab.Arrival arrival) {
    long due = ScheduledText.epochMicros(arrival.body());
    if (due >= from && due < until) {
      long micros = Math.max(0, ScheduledText.epochMicros(arrival.time()) - due);
      total.recordValue(micros);
      (due < half ? firstHalf : secondHalf).recordValue(micros);
    }
  }

  /** From the scheduled time to the phone, in microseconds. */
  Histogram total() {
    return total;
  }

  /** By how much the median of the second half is above that of the first, in microseconds: a lag that grows shows. */
  long drift() {
    return secondHalf.getValueAtPercentile(50) - firstHalf.getValueAtPercentile(50);
  }

  /** Nothing was missed. */
  boolean isComplete() {
    return complete;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
