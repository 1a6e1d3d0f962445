package dev.parley.chassis.resilience;

import dev.parley.chassis.config.Setting;
import java.time.Duration;

/** How the calls of one hop behave: when its breaker opens, how much may be under way, how long, and what is repeated. */
public record HopSettings(
    @Setting(doc = "When calls are not made.")
    BreakerSettings breaker,
    @Setting(value = "1s", doc = "After this a call counts as failed; its answer is not awaited any longer.")
    Duration timeLimit,
    @Setting(value = "256", doc = "Calls under way at most; above it they are refused at once.")
    int concurrentCalls,
    @Setting(value = "2", doc = "How often a call that may be repeated is repeated at most; up to 10.")
    int retries,
    @Setting(
        value = "20ms",
        doc = "The first repetition waits up to this, by chance, each further one up to twice as long.")
    Duration retryWithin,
    @Setting(value = "10", doc = "Repetitions in percent of the calls at most: an outage must not multiply the load.")
    int retryPercent) {
  private static final int MOST_RETRIES = 10;

  /** Checks that every limit is one. */
  public HopSettings {
    if (timeLimit.toMillis() < 1) {
      throw new IllegalArgumentException("time-limit must be at least 1ms");
    }
    if (concurrentCalls < 1) {
      throw new IllegalArgumentException("concurrent-calls must be at least 1");
    }
    if (retries < 0 || retries > MOST_RETRIES) {
      throw new IllegalArgumentException("retries must be 0 to " + MOST_RETRIES + ", not " + retries);
    }
    if (retryWithin.toMillis() < 1) {
      throw new IllegalArgumentException("retry-within must be at least 1ms");
    }
    if (retryPercent < 0 || retryPercent > 100) {
      throw new IllegalArgumentException("retry-percent must be 0 to 100, not " + retryPercent);
    }
  }
}
