package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.Table;
import dev.parley.dispatcher.lag.LagGauges;
import dev.parley.v1.WebhookState;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WebhookLagTest {
  private static final String URL = "https://example.org/hook";
  private static final String C = "018f0000-0000-7000-8000-000000000001";
  /** Looked at twice: the second time says that all is dealt with which was there the first time. */
  private static final Duration SETTLED = LagGauges.EVERY.multipliedBy(2);

  private final Rig rig = new Rig();
  private final InMemoryMetricReader reader = InMemoryMetricReader.create();
  private final Telemetry telemetry = Telemetry.to(reader, "test", "one");
  private boolean silent;
  private boolean withoutCursors;

  @AfterEach
  void stop() {
    telemetry.close();
  }

  /** A broker that may not say where a shard ends, and may not have cursors to give. */
  private Broker broker() {
    ShardLog log = rig.broker.shard(0);
    Table cursors = rig.broker.table(TableName.WEBHOOK_CURSORS);
    ShardLog faulty =
        port(
            ShardLog.class,
            (proxy, called, given) -> called.getName().equals("tail") && silent ? failed() : called.invoke(log, given));
    Table faultyCursors =
        port(
            Table.class,
            (proxy, called, given) ->
                called.getName().equals("get") && withoutCursors ? failed() : called.invoke(cursors, given));
    return port(
        Broker.class,
        (proxy, called, given) ->
            switch (called.getName()) {
              case "shard" -> faulty;
              case "table" -> given[0] == TableName.WEBHOOK_CURSORS ? faultyCursors : called.invoke(rig.broker, given);
              default -> called.invoke(rig.broker, given);
            });
  }

  private static CompletableFuture<Object> failed() {
    return CompletableFuture.failedFuture(new LogException(LogException.Kind.UNKNOWN, "no answer"));
  }

  private static <T> T port(Class<T> port, InvocationHandler handler) {
    return port.cast(Proxy.newProxyInstance(port.getClassLoader(), new Class<?>[] {port}, handler));
  }

  private WebhookEngine start() {
    return rig.dispatcher(broker(), Rig.SETTINGS, new WebhookMetrics(telemetry.meter(), List::of, () -> rig.now));
  }

  /** Time passes as it does for the dispatcher: step by step. */
  private void pass(Duration time, WebhookEngine dispatcher) {
    for (Duration passed = Duration.ZERO; passed.compareTo(time) < 0; passed = passed.plusMillis(500)) {
      rig.pass(Duration.ofMillis(500), dispatcher);
    }
  }

  /** Null: there is no sample. */
  private @Nullable Long lag() {
    return reader.collectAllMetrics().stream()
        .filter(metric -> metric.getName().equals("parley.webhook.lag"))
        .flatMap(metric -> metric.getLongGaugeData().getPoints().stream())
        .findAny()
        .map(point -> point.getValue())
        .orElse(null);
  }

  private double age() {
    return reader.collectAllMetrics().stream()
        .filter(metric -> metric.getName().equals("parley.webhook.lag.age"))
        .map(MetricData::getDoubleGaugeData)
        .flatMap(data -> data.getPoints().stream())
        .findAny()
        .orElseThrow()
        .getValue();
  }

  @Test
  void whatAnEndpointHasNotGotIsTheLagUntilItHas() {
    rig.webhook(URL);
    WebhookEngine dispatcher = start();
    pass(SETTLED, dispatcher);
    assertThat(lag()).isZero();
    assertThat(age()).isLessThanOrEqualTo(SETTLED.toSeconds());

    rig.endpoints.manner(URL, any -> Endpoints.status(503));
    rig.say(C, "one", "two");
    pass(Duration.ofMinutes(1), dispatcher);
    assertThat(lag()).isEqualTo(2);
    assertThat(age()).isBetween(60.0, 60.0 + SETTLED.toSeconds());

    rig.endpoints.manner(URL, any -> Endpoints.status(200));
    pass(Duration.ofMinutes(5), dispatcher);
    assertThat(lag()).isZero();
    assertThat(age()).isLessThanOrEqualTo(SETTLED.toSeconds());
  }

  @Test
  void aBrokerThatDoesNotSayWhereTheLogEndsIsNoLagOfNought() {
    rig.webhook(URL);
    WebhookEngine dispatcher = start();
    pass(SETTLED, dispatcher);
    silent = true;
    pass(Duration.ofMinutes(2), dispatcher);
    assertThat(lag()).isNull();
    assertThat(age()).isGreaterThanOrEqualTo(120);

    silent = false;
    pass(SETTLED, dispatcher);
    assertThat(lag()).isZero();
    assertThat(age()).isLessThanOrEqualTo(SETTLED.toSeconds());
  }

  @Test
  void aLoopThatStandsStillFallsBehind() {
    rig.webhook(URL);
    WebhookEngine dispatcher = start();
    pass(SETTLED, dispatcher);
    double before = age();
    rig.now = rig.now.plusSeconds(60);
    assertThat(lag()).isNull();
    assertThat(age()).isEqualTo(before + 60);
  }

  @Test
  void whoeverCannotGetItsCursorHasDealtWithNothing() {
    rig.webhook(URL);
    withoutCursors = true;
    WebhookEngine dispatcher = start();
    pass(Duration.ofMinutes(1), dispatcher);
    assertThat(lag()).isNull();
    assertThat(age()).isGreaterThanOrEqualTo(60);

    withoutCursors = false;
    pass(SETTLED, dispatcher);
    assertThat(lag()).isZero();
    assertThat(age()).isLessThanOrEqualTo(SETTLED.toSeconds());
  }

  @Test
  void withoutAnEndpointThatWantsToKnowNothingIsBehind() {
    String id = rig.webhook(URL);
    WebhookEngine dispatcher = start();
    rig.endpoints.manner(URL, any -> Endpoints.status(503));
    rig.say(C, "one");
    pass(Duration.ofMinutes(1), dispatcher);
    assertThat(age()).isGreaterThanOrEqualTo(60);

    rig.table.update(id, "", WebhookState.WEBHOOK_STATE_DISABLED).join();
    rig.run();
    pass(SETTLED, dispatcher);
    assertThat(lag()).isZero();
    assertThat(age()).isLessThanOrEqualTo(LagGauges.EVERY.toSeconds());
  }
}
