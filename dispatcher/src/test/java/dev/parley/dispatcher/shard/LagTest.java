package dev.parley.dispatcher.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.memory.MemoryBroker;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LagTest {
  private static final String C = "018f0000-0000-7000-8000-000000000001";
  /** A record is written at most 5 s after it was dealt with, and looked at within 5 s. */
  private static final Duration SETTLED = Duration.ofSeconds(15);

  private final VirtualTime time = new VirtualTime();
  private final VirtualTime.Process process = time.process();
  private final MemoryBroker memory = new MemoryBroker(new Layout(2, 64, 1), Long.MAX_VALUE, time);
  private final MeteredDispatcher metered = new MeteredDispatcher(time, Duration.ofSeconds(3));
  private boolean standing;
  private boolean notTaken;
  private boolean silent;

  @AfterEach
  void stop() {
    metered.close();
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

  private void start(VirtualTime.Process loop) {
    metered.start(broker(), loop);
  }

  private Talk talk() {
    return Talk.group(memory, time, C, List.of("alice", "bob"));
  }

  private double age() {
    return metered.lagAge();
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
    assertThat(metered.lag()).hasValue(9);

    time.pass(SETTLED);
    assertThat(metered.lag()).hasValue(0);
    assertThat(age()).isLessThanOrEqualTo(Lag.EVERY.toSeconds());
  }

  @Test
  void aFeedThatStandsStillFallsBehindEvenThoughNothingIsRead() {
    start(process);
    time.pass(SETTLED);
    standing = true;
    Talk talk = talk();
    time.pass(SETTLED);
    assertThat(metered.lag()).hasValue(1);
    double before = age();

    talk.say("alice", "hi");
    time.pass(Duration.ofMinutes(1));
    assertThat(metered.lag()).hasValue(2);
    assertThat(age()).isEqualTo(before + 60);
  }

  @Test
  void aShardThatCannotBeTakenFallsBehindFromWhereItEndedWhenItWasFirstSeen() {
    Talk talk = talk();
    notTaken = true;
    start(process);
    time.pass(SETTLED);
    assertThat(metered.lag()).hasValue(0);

    talk.say("alice", "hi");
    time.pass(SETTLED);
    assertThat(metered.lag()).hasValue(1);
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
    assertThat(metered.lag()).hasValue(20);
  }

  @Test
  void aBrokerThatDoesNotSayWhereTheLogEndsIsNoLagOfNought() {
    start(process);
    time.pass(SETTLED);
    assertThat(metered.lag()).hasValue(0);
    silent = true;
    time.pass(Duration.ofMinutes(2));
    assertThat(metered.lag()).isEmpty();
    assertThat(age()).isGreaterThanOrEqualTo(120);

    silent = false;
    time.pass(Lag.EVERY);
    assertThat(metered.lag()).hasValue(0);
    assertThat(age()).isLessThanOrEqualTo(Lag.EVERY.toSeconds());
  }

  @Test
  void whoeverIsNotAmongTheDispatchersDoesNotSeemToBeUpToDate() {
    start(process);
    time.pass(SETTLED);
    process.stop();
    memory.dispatch().dispatchers().withdraw("d1").join();
    time.pass(Duration.ofMinutes(1));
    assertThat(metered.lag()).isEmpty();
    assertThat(age()).isGreaterThanOrEqualTo(60);
  }
}
