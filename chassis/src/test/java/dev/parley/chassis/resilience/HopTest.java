package dev.parley.chassis.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.parley.chassis.resilience.HopException.Kind;
import dev.parley.chassis.telemetry.Telemetry;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class HopTest {
  private static final IOException BROKEN = new IOException("broken");
  private static final BreakerSettings BREAKER = new BreakerSettings(50, 4, 2, Duration.ofMillis(500), 2);
  private static final HopSettings SETTINGS =
      new HopSettings(BREAKER, Duration.ofMinutes(1), 2, 2, Duration.ofMillis(1), 10);

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
  private final Telemetry telemetry = Telemetry.to(metrics, "test", "one");
  private Instant now = Instant.EPOCH;
  private final Hops hops = new Hops(() -> now, new Random(7), telemetry.meter());
  private final Hop hop = hops.hop("here-there", SETTINGS, timer);

  @AfterEach
  void end() {
    timer.shutdownNow();
    telemetry.close();
  }

  private static <T> CompletionStage<T> broken() {
    return CompletableFuture.failedStage(BROKEN);
  }

  private void open() {
    hop.call(HopTest::broken);
    hop.call(HopTest::broken);
  }

  private void pass(Duration time) {
    now = now.plus(time);
  }

  private static @Nullable Throwable failure(CompletionStage<?> call) {
    try {
      call.toCompletableFuture().join();
      return null;
    } catch (CompletionException e) {
      return e.getCause();
    }
  }

  private static Kind kind(CompletionStage<?> call) {
    if (failure(call) instanceof HopException refused) {
      return refused.kind();
    }
    throw new AssertionError("the hop did not refuse it");
  }

  private List<LongPointData> points(String metric) {
    for (MetricData data : metrics.collectAllMetrics()) {
      if (data.getName().equals(metric)) {
        return data.getLongGaugeData().getPoints().isEmpty()
            ? List.copyOf(data.getLongSumData().getPoints())
            : List.copyOf(data.getLongGaugeData().getPoints());
      }
    }
    return List.of();
  }

  private long counted(String outcome) {
    return points("parley.hop.calls").stream()
        .filter(point -> point.getAttributes().asMap().containsValue(outcome))
        .mapToLong(LongPointData::getValue)
        .sum();
  }

  @Test
  void aCallIsAnsweredOrFailsAsItDoes() {
    assertThat(hop.call(() -> CompletableFuture.completedStage("yes")).toCompletableFuture()).isCompletedWithValue("yes");
    assertThat(failure(hop.call(HopTest::broken))).isSameAs(BROKEN);
  }

  @Test
  void aCallThatCannotBeginIsAFailedOne() {
    IllegalStateException unable = new IllegalStateException("unable");

    assertThat(
            failure(
                hop.call(
                    () -> {
                      throw unable;
                    })))
        .isSameAs(unable);
  }

  @Test
  void afterTooManyFailuresCallsAreNotMade() {
    open();
    AtomicInteger made = new AtomicInteger();

    assertThat(kind(hop.call(() -> CompletableFuture.completedStage(made.incrementAndGet())))).isEqualTo(Kind.OPEN);
    assertThat(made).hasValue(0);
    assertThat(hop.isOpen()).isTrue();
    assertThat(hop.state()).isEqualTo(Hop.State.OPEN);
  }

  @Test
  void whenItsTimeIsOverSomeCallsTryAndCloseIt() {
    open();
    pass(Duration.ofMillis(751));
    CompletableFuture<String> first = new CompletableFuture<>();
    CompletionStage<String> one = hop.call(() -> first);
    CompletionStage<String> two = hop.call(() -> CompletableFuture.completedStage("two"));

    assertThat(kind(hop.call(() -> CompletableFuture.completedStage("three")))).isEqualTo(Kind.OPEN);
    first.complete("one");

    assertThat(one.toCompletableFuture()).isCompletedWithValue("one");
    assertThat(two.toCompletableFuture()).isCompletedWithValue("two");
    assertThat(hop.state()).isEqualTo(Hop.State.CLOSED);
  }

  @Test
  void whenTheTrialsFailItIsOpenAgain() {
    open();
    pass(Duration.ofMillis(751));
    open();

    assertThat(hop.isOpen()).isTrue();
  }

  @Test
  void itStaysOpenForItsTimeGiveOrTakeHalf() {
    open();
    pass(Duration.ofMillis(249));

    assertThat(hop.isOpen()).isTrue();
    assertThat(hop.allowed()).isFalse();
    pass(Duration.ofMillis(502));
    assertThat(hop.isOpen()).isFalse();
  }

  @Test
  void noMoreCallsThanAllowedAreUnderWay() {
    CompletableFuture<String> slow = new CompletableFuture<>();
    CompletionStage<String> first = hop.call(() -> slow);
    CompletionStage<String> second = hop.call(() -> slow);

    assertThat(kind(hop.call(() -> CompletableFuture.completedStage("third")))).isEqualTo(Kind.FULL);
    slow.complete("done");
    assertThat(first.toCompletableFuture()).isCompletedWithValue("done");
    assertThat(second.toCompletableFuture()).isCompletedWithValue("done");
    assertThat(failure(hop.call(() -> CompletableFuture.completedStage("fourth")))).isNull();
    assertThat(hop.state()).isEqualTo(Hop.State.CLOSED);
  }

  @Test
  void aCallThatTakesTooLongFailsAndCounts() {
    Hop hasty =
        hops.hop("hasty", new HopSettings(BREAKER, Duration.ofMillis(1), 2, 2, Duration.ofMillis(1), 10), timer);

    assertThat(kind(hasty.call(CompletableFuture::new))).isEqualTo(Kind.TIME_LIMIT);
    assertThat(kind(hasty.call(CompletableFuture::new))).isEqualTo(Kind.TIME_LIMIT);

    assertThat(hasty.isOpen()).isTrue();
    assertThat(counted("time_limit")).isEqualTo(2);
  }

  @Test
  void whatMayBeRepeatedIs() {
    AtomicInteger made = new AtomicInteger();

    CompletionStage<String> call =
        hop.repeatable(() -> made.incrementAndGet() == 1 ? broken() : CompletableFuture.completedStage("at last"));

    assertThat(call.toCompletableFuture().join()).isEqualTo("at last");
    assertThat(made).hasValue(2);
    assertThat(counted("retried")).isEqualTo(1);
  }

  @Test
  void aRefusalEndsTheRepetitions() {
    AtomicInteger made = new AtomicInteger();

    assertThat(
            kind(
                hop.repeatable(
                    () -> {
                      made.incrementAndGet();
                      return broken();
                    })))
        .isEqualTo(Kind.OPEN);
    assertThat(made).as("two failures open it").hasValue(2);
  }

  @Test
  void repetitionsAreAShareOfTheCalls() {
    Hop patient =
        hops.hop(
            "patient",
            new HopSettings(
                new BreakerSettings(100, 1000, 1000, Duration.ofSeconds(1), 1),
                Duration.ofSeconds(1), 1, 1, Duration.ofMillis(1), 10),
            timer);
    AtomicInteger made = new AtomicInteger();

    for (int i = 0; i < 100; i++) {
      failure(
          patient.repeatable(
              () -> {
                made.incrementAndGet();
                return broken();
              }));
    }

    assertThat(made.get() - 100).as("ten that were saved, and one for ten calls").isBetween(18, 20);
  }

  @Test
  void reportsOpenAndCloseIt() {
    Hop reported = hops.reported("link", BREAKER);
    reported.failed(BROKEN);
    assertThat(reported.allowed()).isTrue();
    reported.failed(BROKEN);
    assertThat(reported.allowed()).isFalse();

    pass(Duration.ofMillis(751));
    reported.succeeded();
    assertThat(reported.state()).isEqualTo(Hop.State.HALF_OPEN);
    reported.succeeded();
    assertThat(reported.state()).isEqualTo(Hop.State.CLOSED);
  }

  @Test
  void whileHalfOpenSomeAreAllowedAgainAndAgainUntilAnOutcomeDecides() {
    open();
    pass(Duration.ofMillis(751));

    assertThat(List.of(hop.allowed(), hop.allowed(), hop.allowed())).containsExactly(true, true, false);
    pass(Duration.ofMillis(500));
    assertThat(List.of(hop.allowed(), hop.allowed(), hop.allowed())).containsExactly(true, true, false);
  }

  @Test
  void aHopOfReportsMakesNoCalls() {
    Hop reported = hops.reported("link", BREAKER);

    assertThatThrownBy(() -> reported.call(HopTest::broken)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void everyChangeIsToldLoggedAndMeasured() {
    List<Hop.State> told = new ArrayList<>();
    hop.onState(told::add);
    Logger logger = (Logger) LoggerFactory.getLogger(Hop.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try {
      open();
      assertThat(points("parley.hop.state")).singleElement().extracting(LongPointData::getValue).isEqualTo(2L);
      hop.call(HopTest::broken);
      pass(Duration.ofMillis(751));
      hop.allowed();
      assertThat(points("parley.hop.state")).singleElement().extracting(LongPointData::getValue).isEqualTo(1L);
      hop.succeeded();
      hop.succeeded();
    } finally {
      logger.detachAppender(lines);
    }

    assertThat(told).containsExactly(Hop.State.OPEN, Hop.State.HALF_OPEN, Hop.State.CLOSED);
    assertThat(lines.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "hop here-there: CLOSED -> OPEN: too many calls failed, the last one with java.io.IOException: broken",
            "hop here-there: OPEN -> HALF_OPEN: 2 calls may try",
            "hop here-there: HALF_OPEN -> CLOSED: it answers again");
    assertThat(points("parley.hop.state")).singleElement().extracting(LongPointData::getValue).isEqualTo(0L);
    assertThat(counted("failed")).isEqualTo(2);
    assertThat(counted("refused_open")).isEqualTo(1);
    hop.close();
    assertThat(points("parley.hop.state")).isEmpty();
  }
}
