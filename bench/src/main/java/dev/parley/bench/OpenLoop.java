package dev.parley.bench;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Sends at a constant rate whatever the answers do: the k-th message is due at start + k / rate. */
final class OpenLoop {
  /** What is due. */
  @FunctionalInterface
  interface Send {
    void at(long scheduledNanos, int number);
  }

  private OpenLoop() {}

  /** Sends until the duration is over; blocks the calling thread for that long. */
  static void run(long startNanos, int rate, Duration duration, Send send) {
    long total = Math.multiplyExact(duration.toMillis(), (long) rate) / 1_000;
    for (int number = 0; number < total; number++) {
      long due = startNanos + number * 1_000_000_000L / rate;
      long wait = due - System.nanoTime();
      while (wait > 0) {
        LockSupport.parkNanos(wait);
        wait = due - System.nanoTime();
      }
      send.at(due, number);
    }
  }
}
