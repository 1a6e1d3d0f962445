package dev.parley.dispatcher.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.dispatcher.user.BlockedUsers;
import dev.parley.dispatcher.user.Names;
import dev.parley.dispatcher.user.PushUsers;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lag of a dispatcher on a real broker, whose feed stands still. */
class LagIT {
  private static final DispatchTimes TIMES =
      new DispatchTimes(
          Duration.ofMillis(100), Duration.ofHours(12), Duration.ofMinutes(1), Duration.ofMillis(300), Duration.ofDays(7));
  private static final String C = "018f0000-0000-7000-8000-000000000001";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final InMemoryMetricReader reader = InMemoryMetricReader.create();
  private volatile Duration ahead = Duration.ZERO;
  private final InstantSource clock = () -> Instant.now().plus(ahead);

  private OptionalLong records() {
    return reader.collectAllMetrics().stream()
        .filter(metric -> metric.getName().equals("parley.dispatch.lag"))
        .flatMap(metric -> metric.getLongGaugeData().getPoints().stream())
        .mapToLong(point -> point.getValue())
        .findAny();
  }

  private double age() {
    OptionalDouble age =
        reader.collectAllMetrics().stream()
            .filter(metric -> metric.getName().equals("parley.dispatch.lag.age"))
            .map(MetricData::getDoubleGaugeData)
            .flatMap(data -> data.getPoints().stream())
            .mapToDouble(point -> point.getValue())
            .findAny();
    return age.orElseThrow();
  }

  private void awaitLag(long records) {
    await().atMost(PATIENCE).until(() -> records().equals(OptionalLong.of(records)));
  }

  @Test
  void aFeedThatStandsStillIsALag(@TempDir Path directory) throws Exception {
    Path program = Parts.atHome(System.err::println).natsServer();
    ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
    try (NatsServer nats = NatsServer.start(new NatsServer.Settings(program, directory).withSyncInterval("1s"));
        Telemetry telemetry = Telemetry.to(reader, "test", "one");
        Broker broker =
            JetStreamBroker.open(new JetStreamSettings(nats.url()).withLayout(new Layout(2, 64, 1), 64L << 20))) {
      PushUsers users = new PushUsers(broker.table(TableName.PUSH_USERS));
      users.load().join();
      BlockedUsers blocked = new BlockedUsers(broker.table(TableName.BLOCKS));
      blocked.load().join();
      Dispatcher dispatcher =
          new Dispatcher(
              "d1",
              new Dispatcher.Parts(
                  broker, clock, new Random(7), loop, TIMES, users, blocked, new Names(broker.table(TableName.PROFILES), clock),
                  100, target -> null, new DispatchMetrics(telemetry.meter(), Traces.NONE, clock), new NoListener()));
      dispatcher.start().join();
      Talk talk = Talk.group(broker, clock, C, List.of("alice", "bob"));
      talk.say("alice", "read");
      awaitLag(0);

      try (Connection client = Nats.connect(nats.url())) {
        JetStreamManagement management = client.jetStreamManagement();
        String stream = "shard-" + talk.shard();
        String consumer = management.getConsumerNames(stream).getFirst();
        assertThat(management.pauseConsumer(stream, consumer, ZonedDateTime.now().plusHours(1)).isPaused()).isTrue();
        for (int i = 0; i < 5; i++) {
          talk.say("alice", "not read");
        }
        awaitLag(5);
        ahead = ahead.plusSeconds(100);
        assertThat(age()).isGreaterThan(100);
        assertThat(management.resumeConsumer(stream, consumer)).isTrue();
      }
      awaitLag(0);

      dispatcher.close();
    } finally {
      loop.shutdownNow();
    }
  }

  /** Nobody else works on the shards. */
  private static final class NoListener implements Dispatcher.ShardListener {
    @Override
    public void own(int shard) {}

    @Override
    public void disown(int shard) {}

    @Override
    public void grown(int shard, long position) {}
  }
}
