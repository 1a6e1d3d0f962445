package dev.parley.chassis.resilience;

import dev.parley.chassis.config.Setting;
import java.time.Duration;

/** When a breaker opens, and how it closes. */
public record BreakerSettings(
    @Setting(value = "50", doc = "The share of failures, in percent, at which the breaker opens.")
    int failurePercent,
    @Setting(value = "20", doc = "Of how many outcomes, the newest ones, that is the share.")
    int window,
    @Setting(value = "5", doc = "With fewer outcomes than this the breaker does not open: one failure is no outage.")
    int minimumCalls,
    @Setting(
        value = "500ms",
        doc = "How long the breaker stays open before something may be tried; half of it up or down, by chance, so that"
            + " not all come back at once.")
    Duration openFor,
    @Setting(value = "3", doc = "How many may try then. Their outcomes decide whether it closes or opens again.")
    int probes) {
  /** Checks that every limit is one. */
  public BreakerSettings {
    if (failurePercent < 1 || failurePercent > 100) {
      throw new IllegalArgumentException("failure-percent must be 1 to 100, not " + failurePercent);
    }
    if (minimumCalls < 1 || minimumCalls > window) {
      throw new IllegalArgumentException("minimum-calls must be 1 to window, which is " + window);
    }
    if (probes < 1) {
      throw new IllegalArgumentException("probes must be at least 1");
    }
    if (openFor.toMillis() < 2) {
      throw new IllegalArgumentException("open-for must be at least 2ms");
    }
  }
}
