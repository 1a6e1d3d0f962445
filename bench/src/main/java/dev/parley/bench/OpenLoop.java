package dev.parley.bench;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Sends at a constant rate whatever the answers do: the k-th message is due at start + k / rate. */
public final class OpenLoop {
  /** What is due. */
  @FunctionalInterface
  public interface Send {
    void at(long scheduledNanos, int number);
  }

  private OpenLoop() {}

  /**
   * Sends until the duration is over, and then on for as long as {@code more} says so; blocks the calling thread for
   * that long.
   */
  public static void run(long startNanos, int rate, Duration duration, BooleanSupplier more, Send send) {
    long total = Math.multiplyExact(duration.toMillis(), (long) rate) / 1_000;
    for (int number = 0; number < total || more.getAsBoolean(); number++) {
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
