package dev.parley.sdk;

import java.util.function.LongSupplier;

/**
 * An estimate of the server's clock: its time at the last {@code Welcome} plus what a monotonic clock has counted since.
 * Until the first Welcome it is this machine's clock. It runs behind the server's by the way that Welcome took, never
 * ahead, which is the side on which the server is tolerant.
 *
 * <p>Thread-safe.
 */
final class ServerClock {
  private final LongSupplier monotonicMillis;
  private volatile long offsetMillis;

  ServerClock(LongSupplier monotonicMillis, long localTimeMillis) {
    this.monotonicMillis = monotonicMillis;
    this.offsetMillis = localTimeMillis - monotonicMillis.getAsLong();
  }

  /** The server's time in milliseconds since 1970, as far as it is known. */
  long millis() {
    return monotonicMillis.getAsLong() + offsetMillis;
  }

  /** The server has just said that its time is {@code serverMillis}. */
  void serverSaid(long serverMillis) {
    offsetMillis = serverMillis - monotonicMillis.getAsLong();
  }
}
