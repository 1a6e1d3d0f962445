package dev.parley.chassis.resilience;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;

/** The counters of one hop. Thread-safe. */
final class HopMetrics {
  static final AttributeKey<String> HOP = AttributeKey.stringKey("hop");
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("outcome");

  private final LongCounter calls;
  private final Attributes[] attributes = new Attributes[Outcome.values().length];

  /** What became of a call. */
  enum Outcome {
    OK("ok"),
    FAILED("failed"),
    REFUSED_OPEN("refused_open"),
    REFUSED_FULL("refused_full"),
    TIME_LIMIT("time_limit"),
    RETRIED("retried");

    private final String name;

    Outcome(String name) {
      this.name = name;
    }
  }

  HopMetrics(String hop, LongCounter calls) {
    this.calls = calls;
    for (Outcome outcome : Outcome.values()) {
      attributes[outcome.ordinal()] = Attributes.of(HOP, hop, OUTCOME, outcome.name);
    }
  }

  void count(Outcome outcome) {
    calls.add(1, attributes[outcome.ordinal()]);
  }
}
