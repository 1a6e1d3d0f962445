package dev.parley.dispatcher.shard;

import dev.parley.internal.v1.PushResult;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;

/** Counts what becomes of pushes. Thread-safe. */
public final class DispatchMetrics {
  private static final AttributeKey<String> PROVIDER = AttributeKey.stringKey("provider");
  private static final AttributeKey<String> RESULT = AttributeKey.stringKey("result");

  private final LongCounter pushes;

  /** Metrics of this meter. */
  public DispatchMetrics(Meter meter) {
    pushes = meter.counterBuilder("parley.push.outcomes").setDescription("Pushes, by what became of them").build();
  }

  void count(String provider, PushResult result) {
    pushes.add(1, Attributes.of(PROVIDER, provider, RESULT, result.name()));
  }

  void withdrawn(String provider) {
    pushes.add(1, Attributes.of(PROVIDER, provider, RESULT, "WITHDRAWN"));
  }
}
