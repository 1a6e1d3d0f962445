package dev.parley.dispatcher.webhook;

import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookState;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongGauge;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * What the dispatcher tells of webhooks: {@code parley.webhook.attempts} by outcome, {@code parley.webhook.given_up},
 * {@code parley.webhook.endpoints} by state, and {@code parley.webhook.lag}. Thread-safe; {@link #close} takes them back.
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
  private final ObservableLongGauge lags;
  private volatile long lag;

  WebhookMetrics(Meter meter, Supplier<Collection<Webhook>> webhooks) {
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
    lags =
        meter
            .gaugeBuilder("parley.webhook.lag")
            .ofLongs()
            .setDescription("Records of this dispatcher's shards that endpoints have not got yet, over all of them")
            .buildWithCallback(gauge -> gauge.record(lag));
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

  void lag(long records) {
    lag = records;
  }

  @Override
  public void close() {
    endpoints.close();
    lags.close();
  }
}
