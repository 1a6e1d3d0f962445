package dev.parley.dispatcher.shard;

import dev.parley.internal.v1.PushResult;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what becomes of pushes. Thread-safe. */
public final class DispatchMetrics {
  private static final AttributeKey<String> PROVIDER = AttributeKey.stringKey("provider");
  private static final AttributeKey<String> RESULT = AttributeKey.stringKey("result");

  private final LongCounter pushes;
  private final AtomicLong lag = new AtomicLong();

  /** Metrics of this meter. */
  public DispatchMetrics(Meter meter) {
    pushes = meter.counterBuilder("parley.push.outcomes").setDescription("Pushes, by what became of them").build();
    meter
        .gaugeBuilder("parley.dispatch.lag")
        .ofLongs()
        .setDescription("Records of the log that this dispatcher has read and not dealt with")
        .buildWithCallback(gauge -> gauge.record(lag.get()));
  }

  void lag(long records) {
    lag.set(records);
  }

  void count(String provider, PushResult result) {
    pushes.add(1, Attributes.of(PROVIDER, provider, RESULT, result.name()));
  }

  void withdrawn(String provider) {
    pushes.add(1, Attributes.of(PROVIDER, provider, RESULT, "WITHDRAWN"));
  }
}
