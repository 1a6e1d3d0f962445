package dev.parley.dispatcher.webhook;

import dev.parley.dispatcher.lag.LagGauges;
import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookState;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongGauge;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * What the dispatcher tells of webhooks: {@code parley.webhook.attempts} by outcome, {@code parley.webhook.given_up},
 * {@code parley.webhook.endpoints} by state, {@code parley.webhook.lag} and its age. Thread-safe; {@link #close} takes them back.
 */
final class WebhookMetrics implements AutoCloseable {
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("outcome");
  private static final AttributeKey<String> STATE = AttributeKey.stringKey("state");
  private static final List<WebhookState> STATES =
      List.of(
          WebhookState.WEBHOOK_STATE_ENABLED,
          WebhookState.WEBHOOK_STATE_DISABLED,
          WebhookState.WEBHOOK_STATE_FAILED);

  private final LongCounter attempts;
  private final LongCounter gaveUp;
  private final ObservableLongGauge endpoints;
  private final LagGauges lag;

  WebhookMetrics(Meter meter, Supplier<Collection<Webhook>> webhooks, InstantSource clock) {
    attempts =
        meter.counterBuilder("parley.webhook.attempts").setDescription("Requests to endpoints, by what became of them").build();
    gaveUp =
        meter.counterBuilder("parley.webhook.given_up").setDescription("Endpoints that this dispatcher has given up").build();
    endpoints =
        meter
            .gaugeBuilder("parley.webhook.endpoints")
            .ofLongs()
            .setDescription("Endpoints by state")
            .buildWithCallback(gauge -> count(webhooks.get(), gauge));
    lag =
        new LagGauges(
            meter,
            "parley.webhook.lag",
            "Records of this dispatcher's shards that endpoints have not got yet, over all of them",
            "All endpoints have got what was on the log so long ago, of this dispatcher's shards",
            clock);
  }

  private static void count(Collection<Webhook> webhooks, ObservableLongMeasurement gauge) {
    for (WebhookState state : STATES) {
      long count = webhooks.stream().filter(webhook -> webhook.getState() == state).count();
      String name = state.name().substring("WEBHOOK_STATE_".length()).toLowerCase(Locale.ROOT);
      gauge.record(count, Attributes.of(STATE, name));
    }
  }

  void attempted(Verdict.Kind outcome) {
    attempts.add(1, Attributes.of(OUTCOME, outcome.name().toLowerCase(Locale.ROOT)));
  }

  void gaveUp() {
    gaveUp.add(1);
  }

  /**
   * The broker has said where the shards end.
   *
   * @param records that endpoints have not got, over all of them
   * @param asked when
   * @param dealtWith all that was on the log then, all endpoints have got
   */
  void lag(long records, Instant asked, Instant dealtWith) {
    lag.tell(records, asked, dealtWith);
  }

  /** As {@link #lag(long, Instant, Instant)}, while an endpoint cannot get its cursor. */
  void lag(Instant asked, Instant dealtWith) {
    lag.tell(asked, dealtWith);
  }

  @Override
  public void close() {
    endpoints.close();
    lag.close();
  }
}
