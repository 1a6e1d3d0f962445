package dev.parley.dispatcher.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.dispatcher.user.BlockedUsers;
import dev.parley.dispatcher.user.Names;
import dev.parley.dispatcher.user.PushUsers;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LagTest {
  private static final DispatchTimes TIMES =
      new DispatchTimes(
          Duration.ofSeconds(3), Duration.ofHours(12), Duration.ofMinutes(1), Duration.ofMillis(300), Duration.ofDays(7));
  private static final String C = "018f0000-0000-7000-8000-000000000001";
  /** A record is written at most 5 s after it was dealt with, and looked at within 5 s. */
  private static final Duration SETTLED = Duration.ofSeconds(15);

  private final VirtualTime time = new VirtualTime();
  private final VirtualTime.Process process = time.process();
  private final MemoryBroker memory = new MemoryBroker(new Layout(2, 64, 1), Long.MAX_VALUE, time);
  private final InMemoryMetricReader reader = InMemoryMetricReader.create();
  private final Telemetry telemetry = Telemetry.to(reader, "test", "one");
  private boolean standing;
  private boolean notTaken;
  private boolean silent;

  @AfterEach
  void stop() {
    telemetry.close();
  }

  /** A broker whose feeds may stand still, whose shards may not be taken, and that may not say where they end. */
  private Broker broker() {
    DispatchLog real = memory.dispatch();
    InvocationHandler dispatch =
        (proxy, called, arguments) ->
            switch (called.getName()) {
              case "take" -> notTaken ? failed() : real.take((int) arguments[0], (long) arguments[1], told(arguments[2]));
              case "end" -> silent ? failed() : called.invoke(real, arguments);
              default -> called.invoke(real, arguments);
            };
    DispatchLog faulty = port(DispatchLog.class, dispatch);
    return port(
        Broker.class,
        (proxy, called, arguments) -> called.getName().equals("dispatch") ? faulty : called.invoke(memory, arguments));
  }

  private DispatchLog.Reader told(Object reader) {
    return (shard, record) -> {
      if (!standing) {
        ((DispatchLog.Reader) reader).tell(shard, record);
      }
    };
  }

  private static CompletableFuture<Object> failed() {
    return CompletableFuture.failedFuture(new LogException(LogException.Kind.UNKNOWN, "no answer"));
  }

  private static <T> T port(Class<T> port, InvocationHandler handler) {
    return port.cast(Proxy.newProxyInstance(port.getClassLoader(), new Class<?>[] {port}, handler));
  }

  private Dispatcher start(VirtualTime.Process loop) {
    Broker broker = broker();
    PushUsers users = new PushUsers(memory.table(TableName.PUSH_USERS));
    users.load().join();
    BlockedUsers blocked = new BlockedUsers(memory.table(TableName.BLOCKS));
    blocked.load().join();
    Dispatcher dispatcher =
        new Dispatcher(
            "d1",
            new Dispatcher.Parts(
                broker, time, new Random(7), loop, TIMES, users, blocked, new Names(memory.table(TableName.PROFILES), time),
                100, target -> null, new DispatchMetrics(telemetry.meter(), Traces.NONE, time), new NoListener()));
    dispatcher.start().join();
    return dispatcher;
  }

  private Talk talk() {
    return Talk.group(memory, time, C, List.of("alice", "bob"));
  }

  /** Null: there is no sample. */
  private @Nullable Long lag() {
    return reader.collectAllMetrics().stream()
        .filter(metric -> metric.getName().equals("parley.dispatch.lag"))
        .flatMap(metric -> metric.getLongGaugeData().getPoints().stream())
        .findAny()
        .map(point -> point.getValue())
        .orElse(null);
  }

  private double age() {
    return reader.collectAllMetrics().stream()
        .filter(metric -> metric.getName().equals("parley.dispatch.lag.age"))
        .map(MetricData::getDoubleGaugeData)
        .flatMap(data -> data.getPoints().stream())
        .findAny()
        .orElseThrow()
        .getValue();
  }

  @Test
  void whatIsOnTheLogAndNotAcknowledgedIsTheLag() {
    start(process);
    time.pass(SETTLED);
    Talk talk = talk();
    for (int i = 0; i < 9; i++) {
      talk.say("alice", "hi");
    }
    time.pass(Lag.EVERY);
    // The group's first event is of no interest to anybody; the messages are in their grace.
    assertThat(lag()).isEqualTo(9);

    time.pass(SETTLED);
    assertThat(lag()).isZero();
    assertThat(age()).isLessThanOrEqualTo(Lag.EVERY.toSeconds());
  }

  @Test
  void aFeedThatStandsStillFallsBehindEvenThoughNothingIsRead() {
    start(process);
    time.pass(SETTLED);
    standing = true;
    Talk talk = talk();
    time.pass(SETTLED);
    assertThat(lag()).isEqualTo(1);
    double before = age();

    talk.say("alice", "hi");
    time.pass(Duration.ofMinutes(1));
    assertThat(lag()).isEqualTo(2);
    assertThat(age()).isEqualTo(before + 60);
  }

  @Test
  void aShardThatCannotBeTakenFallsBehindFromWhereItEndedWhenItWasFirstSeen() {
    Talk talk = talk();
    notTaken = true;
    start(process);
    time.pass(SETTLED);
    assertThat(lag()).isZero();

    talk.say("alice", "hi");
    time.pass(SETTLED);
    assertThat(lag()).isEqualTo(1);
    assertThat(age()).isGreaterThanOrEqualTo(10);
  }

  @Test
  void whoeverComesBackIsBehindByWhatCameMeanwhile() {
    start(process);
    Talk talk = talk();
    time.pass(SETTLED);
    process.die();
    for (int i = 0; i < 20; i++) {
      talk.say("alice", "hi");
    }
    time.pass(Duration.ofMinutes(1));
    notTaken = true;
    start(time.process());
    time.pass(Lag.EVERY);
    assertThat(lag()).isEqualTo(20);
  }

  @Test
  void aBrokerThatDoesNotSayWhereTheLogEndsIsNoLagOfNought() {
    start(process);
    time.pass(SETTLED);
    assertThat(lag()).isZero();
    silent = true;
    time.pass(Duration.ofMinutes(2));
    assertThat(lag()).isNull();
    assertThat(age()).isGreaterThanOrEqualTo(120);

    silent = false;
    time.pass(Lag.EVERY);
    assertThat(lag()).isZero();
    assertThat(age()).isLessThanOrEqualTo(Lag.EVERY.toSeconds());
  }

  @Test
  void whoeverIsNotAmongTheDispatchersDoesNotSeemToBeUpToDate() {
    start(process);
    time.pass(SETTLED);
    process.stop();
    memory.dispatch().dispatchers().withdraw("d1").join();
    time.pass(Duration.ofMinutes(1));
    assertThat(lag()).isNull();
    assertThat(age()).isGreaterThanOrEqualTo(60);
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
