package dev.parley.dispatcher.shard;

import dev.parley.chassis.telemetry.Instruments;
import dev.parley.chassis.telemetry.Traced;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.dispatcher.lag.LagGauges;
import dev.parley.internal.v1.PushResult;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** Counts what becomes of pushes. Thread-safe. */
public final class DispatchMetrics {
  private static final AttributeKey<String> PROVIDER = AttributeKey.stringKey("provider");
  private static final AttributeKey<String> RESULT = AttributeKey.stringKey("result");

  private static final List<String> PROVIDERS = List.of("fcm", "apns", "web_push");
  private static final double MILLIS = 1e3;

  private final Traces traces;
  private final LongCounter pushes;
  private final DoubleHistogram delay;
  private final LagGauges lag;

  /** Metrics of this meter, and spans. */
  public DispatchMetrics(Meter meter, Traces traces, InstantSource clock) {
    this.traces = traces;
    pushes = meter.counterBuilder("parley.push.outcomes").setDescription("Pushes, by what became of them").build();
    PROVIDERS.forEach(provider -> pushes.add(0, attributes(provider, PushResult.PUSH_RESULT_ACCEPTED.name())));
    delay =
        Instruments.seconds(
            meter, "chat.push.delay", "From the end of the grace until a push service has taken what tells of a message");
    lag =
        new LagGauges(
            meter,
            "parley.dispatch.lag",
            "Records on the log that are not acknowledged, of this dispatcher's shards",
            "All that was on the log so long ago is acknowledged, of this dispatcher's shards",
            clock);
  }

  /**
   * The broker has said where the shards end.
   *
   * @param records beyond what is acknowledged
   * @param asked when
   * @param dealtWith all that was on the log then is acknowledged
   */
  void lag(long records, Instant asked, Instant dealtWith) {
    lag.tell(records, asked, dealtWith);
  }

  private static Attributes attributes(String provider, String result) {
    return Attributes.of(PROVIDER, provider, RESULT, result);
  }

  void count(String provider, PushResult result) {
    pushes.add(1, attributes(provider, result.name()));
  }

  /**
   * A push service has taken what tells of a message.
   *
   * @param due when it was to be told of at the earliest
   * @param trace of the message; empty: none follows it
   */
  void pushed(String provider, Instant due, Instant now, String trace) {
    Attributes attributes = Attributes.of(PROVIDER, provider);
    Traces.record(delay, Math.max(0, Duration.between(due, now).toMillis()) / MILLIS, attributes, trace);
    Traced span = traces.goOn("push", trace, List.of(), due.isBefore(now) ? due : now);
    if (span != null) {
      span.say("provider", provider);
      span.end();
    }
  }

  void withdrawn(String provider) {
    pushes.add(1, attributes(provider, "WITHDRAWN"));
  }
}
