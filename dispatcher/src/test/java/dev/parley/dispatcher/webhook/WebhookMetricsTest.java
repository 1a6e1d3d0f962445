package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.dispatcher.webhook.Verdict.Kind;
import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookState;
import io.opentelemetry.sdk.metrics.data.DoublePointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class WebhookMetricsTest {
  private static final Instant NOW = Rig.START;

  private final InMemoryMetricReader reader = InMemoryMetricReader.create();

  /** The values of a metric, each by its attribute's value; empty text: it has none. */
  private Map<String, Long> values(String name) {
    Map<String, Long> values = new TreeMap<>();
    for (MetricData metric : reader.collectAllMetrics()) {
      if (metric.getName().equals(name)) {
        var points = metric.getLongGaugeData().getPoints().isEmpty() ? metric.getLongSumData() : metric.getLongGaugeData();
        points
            .getPoints()
            .forEach(
                point ->
                    values.put(
                        point.getAttributes().asMap().values().stream().map(Object::toString).findFirst().orElse(""),
                        point.getValue()));
      }
    }
    return values;
  }

  @Test
  void attemptsEndpointsAndLagAreTold() {
    List<Webhook> webhooks =
        List.of(
            Webhook.newBuilder().setState(WebhookState.WEBHOOK_STATE_ENABLED).build(),
            Webhook.newBuilder().setState(WebhookState.WEBHOOK_STATE_ENABLED).build(),
            Webhook.newBuilder().setState(WebhookState.WEBHOOK_STATE_FAILED).build());
    try (Telemetry telemetry = Telemetry.to(reader, "test", "one");
        WebhookMetrics metrics = new WebhookMetrics(telemetry.meter(), () -> webhooks, () -> NOW)) {
      metrics.attempted(Kind.TAKEN);
      metrics.attempted(Kind.TAKEN);
      metrics.attempted(Kind.NOT_SENT);
      metrics.gaveUp();
      metrics.lag(42, NOW, NOW.minusSeconds(7));
      assertThat(values("parley.webhook.attempts")).isEqualTo(Map.of("taken", 2L, "not_sent", 1L));
      assertThat(values("parley.webhook.endpoints")).isEqualTo(Map.of("enabled", 2L, "disabled", 0L, "failed", 1L));
      assertThat(values("parley.webhook.given_up")).isEqualTo(Map.of("", 1L));
      assertThat(values("parley.webhook.lag")).isEqualTo(Map.of("", 42L));
      assertThat(reader.collectAllMetrics())
          .filteredOn(metric -> metric.getName().equals("parley.webhook.lag.age"))
          .flatExtracting(metric -> metric.getDoubleGaugeData().getPoints())
          .extracting(point -> ((DoublePointData) point).getValue())
          .containsExactly(7.0);
    }
  }
}
