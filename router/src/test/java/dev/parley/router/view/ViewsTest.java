package dev.parley.router.view;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.RouterEntry;
import dev.parley.router.ManualLoop;
import dev.parley.router.ManualTime;
import dev.parley.router.feed.RouterId;
import dev.parley.router.loop.Loop;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ViewsTest {
  private static final int SHARDS = Layout.ONE_NODE.shards();
  private static final Duration UNTIL_GROWN = Duration.ofSeconds(20);
  private static final int MANY = 100;

  private final ManualTime time = new ManualTime();
  private final MemoryBroker broker = new MemoryBroker(Layout.ONE_NODE, Long.MAX_VALUE, time);
  private final List<View> told = new ArrayList<>();

  private final Loop loop = new ManualLoop(time);

  private void tell(View view) {
    told.add(view);
    assertThat(told).as("views, as if they had no end").hasSizeLessThan(MANY);
  }

  private Views router(String name, long incarnation) {
    return router(name, incarnation, time);
  }

  private Views router(String name, long incarnation, InstantSource clock) {
    Member self = Member.of(new RouterId(name, incarnation), name + ":1");
    Views views = new Views(self, SHARDS, broker.registry(), broker::connected, clock, time::nanos, loop, this::tell);
    views.start();
    time.advance(Duration.ZERO);
    return views;
  }

  /** What a router that is no more said last. */
  private void saidLate(String name, long incarnation) {
    RouterEntry entry = RouterEntry.newBuilder().setIncarnation(incarnation).setLinkAddress(name + ":1").build();
    broker.registry().announce(name, entry.toByteArray());
    time.advance(Duration.ZERO);
  }

  private static long owned(Views views, String name) {
    return views.view().owners().stream().filter(owner -> owner.id().name().equals(name)).count();
  }

  @Test
  void whoJoinsOthersTakesItsShardsInSteps() {
    router("a", 1);
    Views joined = router("b", 2);
    assertThat(owned(joined, "b")).isZero();

    time.advance(UNTIL_GROWN);
    assertThat(owned(joined, "b")).isEqualTo(SHARDS / 2);
  }

  @Test
  void whoComesBackAloneTakesAllAtOnceThoughItsEarlierLifeIsStillRegistered() {
    saidLate("a", 1);
    Views again = router("a", 2);

    assertThat(again.view().members()).containsExactly(Member.of(new RouterId("a", 2), "a:1"));
    int views = told.size();
    time.advance(UNTIL_GROWN);
    assertThat(told).hasSize(views);
  }

  @Test
  void whoLeavesTakesNoMore() {
    router("a", 1);
    Views leaving = router("b", 2);
    leaving.drain();
    time.advance(Duration.ZERO);
    int views = told.size();

    time.advance(UNTIL_GROWN);
    assertThat(told).hasSize(views);
    assertThat(leaving.view().members()).contains(new Member(new RouterId("b", 2), "b:1", true, 0));
  }

  @Test
  void whatAnEarlierLifeSaidLateIsSetRightAtOnce() {
    Views views = router("a", 2);
    saidLate("a", 1);

    assertThat(views.view().members()).containsExactly(Member.of(new RouterId("a", 2), "a:1"));
  }

  @Test
  void aClockThatIsWrongIsMeasuredByEachAndSaidOnce() {
    Views right = router("a", 1);
    AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ofMinutes(5));
    Views wrong = router("b", 2, () -> time.instant().plus(ahead.get()));
    saidLate("of a build that says no time", 3);
    assertThat(logged(() -> time.advance(Duration.ofSeconds(2)))).as("not sure yet").isEmpty();

    assertThat(logged(() -> time.advance(Duration.ofSeconds(60))))
        .hasSize(2)
        .anyMatch(line -> line.startsWith("WARN the clock of b is 300.0 s ahead of this router's"))
        .anyMatch(line -> line.startsWith("WARN the clock of a is 300.0 s behind this router's"));
    assertThat(right.clocksAhead()).isEqualTo(Map.of("b", Duration.ofMinutes(5)));
    assertThat(wrong.clocksAhead()).isEqualTo(Map.of("a", Duration.ofMinutes(-5)));

    ahead.set(Duration.ofMillis(200));
    assertThat(logged(() -> time.advance(Duration.ofSeconds(10)))).hasSize(2).allMatch(line -> line.endsWith("agree again"));
    assertThat(right.clocksAhead()).isEqualTo(Map.of("b", Duration.ofMillis(200)));

    wrong.withdraw();
    time.advance(Duration.ZERO);
    assertThat(right.clocksAhead()).isEmpty();
  }

  /** What is told of clocks meanwhile. */
  private static List<String> logged(Runnable meanwhile) {
    Logger logger = (Logger) LoggerFactory.getLogger(PeerClocks.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    logger.setLevel(Level.INFO);
    try {
      meanwhile.run();
    } finally {
      logger.setLevel(null);
      logger.detachAppender(lines);
    }
    return lines.list.stream().map(line -> line.getLevel() + " " + line.getFormattedMessage()).toList();
  }

  @Test
  void whatWaitedWhileTheBrokerStoodStillIsNoWrongClock() {
    PeerClocks clocks = new PeerClocks(time, time::nanos);
    List<String> lines =
        logged(
            () -> {
              clocks.heard("b", time.instant());
              time.advance(Duration.ofSeconds(20));
              for (int old = 20; old >= 0; old--) {
                clocks.heard("b", time.instant().minusSeconds(old));
              }
              time.advance(Duration.ofSeconds(20));
              clocks.heard("b", time.instant());
            });

    assertThat(lines).isEmpty();
  }

  @Test
  void twoOfOneNameDoNotAnswerEachOtherForEver() {
    router("a", 1);
    router("a", 2);
    int views = told.size();

    time.advance(Duration.ZERO);
    assertThat(told).hasSize(views);
  }
}
