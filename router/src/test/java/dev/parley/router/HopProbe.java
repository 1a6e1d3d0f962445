package dev.parley.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.telemetry.Telemetry;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What one hop of a router in this process shows: its metrics, and its lines in the log. */
final class HopProbe implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Logger LOGGER = (Logger) LoggerFactory.getLogger(Hop.class);

  private final String hop;
  private final InMemoryMetricReader reader = InMemoryMetricReader.create();
  private final Telemetry telemetry = Telemetry.to(reader, "parley-router", "router-1");
  private final Lines lines = new Lines();

  private static final class Lines extends AppenderBase<ILoggingEvent> {
    private final List<String> said = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      said.add(event.getFormattedMessage());
    }
  }

  HopProbe(String hop) {
    this.hop = hop;
    lines.start();
    LOGGER.setLevel(Level.INFO);
    LOGGER.addAppender(lines);
  }

  /** For the router. */
  Telemetry telemetry() {
    return telemetry;
  }

  void awaitState(Hop.State state) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(values("parley.hop.state", hop)).containsExactly((long) state.ordinal()));
  }

  /** The other side has answered at least once. */
  void awaitAnswer() {
    await().atMost(PATIENCE).until(() -> calls("ok") > 0);
  }

  /** How many calls had this outcome. */
  long calls(String outcome) {
    return values("parley.hop.calls", hop, outcome).stream().mapToLong(value -> value).sum();
  }

  private List<Long> values(String metric, String... attributes) {
    return reader.collectAllMetrics().stream()
        .filter(data -> data.getName().equals(metric))
        .flatMap(data -> points(data).stream())
        .filter(point -> point.getAttributes().asMap().values().containsAll(List.of(attributes)))
        .map(LongPointData::getValue)
        .toList();
  }

  private static List<LongPointData> points(MetricData data) {
    return switch (data.getType()) {
      case LONG_GAUGE -> List.copyOf(data.getLongGaugeData().getPoints());
      case LONG_SUM -> List.copyOf(data.getLongSumData().getPoints());
      default -> List.of();
    };
  }

  /** The log said that it opened, and later that it closed. */
  void assertOpenedAndClosedInTheLog() {
    assertThat(lines.said)
        .filteredOn(line -> line.startsWith("hop " + hop + ": "))
        .anySatisfy(line -> assertThat(line).contains("CLOSED -> OPEN: too many calls failed"))
        .last()
        .asString()
        .contains("HALF_OPEN -> CLOSED: it answers again");
  }

  @Override
  public void close() {
    LOGGER.detachAppender(lines);
    LOGGER.setLevel(null);
  }
}
