package dev.parley.dispatcher.shard;

import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.dispatcher.user.BlockedUsers;
import dev.parley.dispatcher.user.Names;
import dev.parley.dispatcher.user.PushUsers;
import io.opentelemetry.sdk.metrics.data.DoublePointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.time.Duration;
import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import java.util.stream.Stream;

/** A dispatcher that pushes to nobody, and how far it says that it is behind. */
final class MeteredDispatcher implements AutoCloseable {
  private final InMemoryMetricReader reader = InMemoryMetricReader.create();
  private final Telemetry telemetry = Telemetry.to(reader, "test", "one");
  private final InstantSource clock;
  private final Duration grace;

  MeteredDispatcher(InstantSource clock, Duration grace) {
    this.clock = clock;
    this.grace = grace;
  }

  /** Starts one, which answers to d1, on this thread, and waits until it has started. */
  Dispatcher start(Broker broker, ScheduledExecutorService loop) {
    PushUsers users = new PushUsers(broker.table(TableName.PUSH_USERS));
    users.load().join();
    BlockedUsers blocked = new BlockedUsers(broker.table(TableName.BLOCKS));
    blocked.load().join();
    DispatchTimes times =
        new DispatchTimes(grace, Duration.ofHours(12), Duration.ofMinutes(1), Duration.ofMillis(300), Duration.ofDays(7));
    Dispatcher dispatcher =
        new Dispatcher(
            "d1",
            new Dispatcher.Parts(
                broker, clock, new Random(7), loop, times, users, blocked, new Names(broker.table(TableName.PROFILES), clock),
                100, target -> null, new DispatchMetrics(telemetry.meter(), Traces.NONE, clock), new Alone()));
    dispatcher.start().join();
    return dispatcher;
  }

  /** Records on the log that are not acknowledged; empty: there is no sample. */
  OptionalLong lag() {
    return points("parley.dispatch.lag", metric -> metric.getLongGaugeData().getPoints().stream())
        .mapToLong(LongPointData::getValue)
        .findAny();
  }

  /** For how many seconds it has been so. */
  double lagAge() {
    return points("parley.dispatch.lag.age", metric -> metric.getDoubleGaugeData().getPoints().stream())
        .mapToDouble(DoublePointData::getValue)
        .findAny()
        .orElseThrow();
  }

  private <T> Stream<T> points(String name, Function<MetricData, Stream<T>> read) {
    return reader.collectAllMetrics().stream().filter(metric -> metric.getName().equals(name)).flatMap(read);
  }

  @Override
  public void close() {
    telemetry.close();
  }
}
