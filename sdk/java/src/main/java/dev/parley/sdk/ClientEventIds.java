package dev.parley.sdk;

import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Makes client event ids and ids of new groups: UUIDv7 whose time is the server's as the client estimates it, so that
 * the server can tell how old an id is. Ids of one instance grow, also within a millisecond (12 bits of counter after
 * the time); when a millisecond is used up, the next one is borrowed.
 *
 * <p>Thread-safe.
 */
public final class ClientEventIds {
  private static final int COUNTER_BITS = 12;

  private final LongSupplier serverMillis;
  private final Supplier<? extends RandomGenerator> random;
  private final AtomicLong lastTimeAndCounter = new AtomicLong();

  /** @param serverMillis the server's time in milliseconds since 1970, as well as the caller knows it */
  public ClientEventIds(LongSupplier serverMillis) {
    this(serverMillis, ThreadLocalRandom::current);
  }

  ClientEventIds(LongSupplier serverMillis, Supplier<? extends RandomGenerator> random) {
    this.serverMillis = serverMillis;
    this.random = random;
  }

  /** A new id in text form. */
  public String next() {
    long now = serverMillis.getAsLong() << COUNTER_BITS;
    long timeAndCounter = lastTimeAndCounter.updateAndGet(last -> Math.max(last + 1, now));
    long time = timeAndCounter >>> COUNTER_BITS;
    long counter = timeAndCounter & ((1L << COUNTER_BITS) - 1);
    long high = (time << 16) | 0x7000L | counter;
    long low = (random.get().nextLong() >>> 2) | 0x8000_0000_0000_0000L;
    return new UUID(high, low).toString();
  }
}
