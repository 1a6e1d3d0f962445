package dev.parley.chassis.resilience;

import dev.parley.chassis.config.Setting;
import java.time.Duration;

/** How one hop behaves: when its breaker opens, how much may be under way, how long, and what may be repeated. */
public record HopSettings(
    @Setting(value = "50", doc = "The share of failed calls, in percent, at which the breaker opens.")
    int failurePercent,
    @Setting(value = "20", doc = "Of how many calls, the newest ones, that is the share.")
    int window,
    @Setting(value = "5", doc = "With fewer calls than this the breaker does not open: one failure is no outage.")
    int minimumCalls,
    @Setting(value = "1s", doc = "After this a call counts as failed; its answer is not awaited any longer.")
    Duration timeLimit,
    @Setting(
        value = "500ms",
        doc = "How long the breaker stays open before it lets some calls try; half of it up or down, by chance, so that"
            + " not all come back at once.")
    Duration openFor,
    @Setting(value = "3", doc = "How many calls may try then. They decide whether it closes or opens again.")
    int probes,
    @Setting(value = "256", doc = "Calls under way at most; above it they are refused at once.")
    int concurrentCalls,
    @Setting(value = "2", doc = "How often a call that may be repeated is repeated at most.")
    int retries,
    @Setting(value = "20ms", doc = "The first repetition waits up to this, by chance, each further one up to twice as long.")
    Duration retryWithin,
    @Setting(value = "10", doc = "Repetitions in percent of the calls at most: an outage must not multiply the load.")
    int retryPercent) {
  /** Checks that every limit is one. */
  public HopSettings {
    percent("failure-percent", failurePercent, 1);
    percent("retry-percent", retryPercent, 0);
    atLeast("window", window, 1);
    atLeast("minimum-calls", minimumCalls, 1);
    atLeast("probes", probes, 1);
    atLeast("concurrent-calls", concurrentCalls, 1);
    atLeast("retries", retries, 0);
    if (retries > 10) {
      throw new IllegalArgumentException("retries must be at most 10, not " + retries);
    }
    if (minimumCalls > window) {
      throw new IllegalArgumentException("minimum-calls must be at most window, which is " + window);
    }
    atLeast("time-limit in ms", timeLimit.toMillis(), 1);
    atLeast("open-for in ms", openFor.toMillis(), 2);
    atLeast("retry-within in ms", retryWithin.toMillis(), 1);
  }

  private static void percent(String name, int value, int least) {
    if (value < least || value > 100) {
      throw new IllegalArgumentException(name + " must be " + least + " to 100, not " + value);
    }
  }

  private static void atLeast(String name, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
    }
  }
}
