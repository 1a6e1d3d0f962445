package dev.parley.sdk;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Growing, jittered waits between tries: the n-th wait is drawn evenly from the upper half of {@code base * 2^n}, at
 * most {@code max}. The jitter keeps clients that lost the same router from coming back at the same moment.
 *
 * <p>Not thread-safe: belongs to one session.
 */
public final class Backoff {
  private final long baseMillis;
  private final long maxMillis;
  private final RandomGenerator random;
  private int failures;

  /**
   * @param base the first wait is at most this long
   * @param max no wait is longer
   * @param random where the jitter comes from; a seeded one makes tests repeatable
   */
  public Backoff(Duration base, Duration max, RandomGenerator random) {
    this.baseMillis = base.toMillis();
    this.maxMillis = max.toMillis();
    this.random = random;
    if (baseMillis < 1 || maxMillis < baseMillis) {
      throw new IllegalArgumentException("A backoff needs 1 ms <= base <= max, not " + base + " and " + max);
    }
  }

  /** The next wait in milliseconds; each call counts as one more failure. */
  public long nextMillis() {
    long wait = jittered(failures);
    failures++;
    return wait;
  }

  /** The wait after {@code failures} failures in milliseconds, without counting one. */
  long jittered(int failures) {
    long ceiling = Math.min(maxMillis, baseMillis << Math.min(failures, 30));
    long half = ceiling / 2;
    return half + random.nextLong(ceiling - half + 1);
  }

  /** All is well again: the next wait is a first one. */
  public void reset() {
    failures = 0;
  }
}
