package dev.parley.bench.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.bench.push.Lab.Phone;
import dev.parley.bench.push.PushCount.Sum;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PushCountTest {
  private static final Phone BEFORE = new Phone("p", 40, 10);

  @Test
  void aPushForEachMessageIsAllThatIsExpected() {
    assertThat(Sum.of(3, BEFORE, new Phone("p", 43, 13))).isEqualTo(new Sum(3, 3, 0, 0, 0));
  }

  @Test
  void aPushThatTellsOfTwoMessagesHasCollapsedOne() {
    assertThat(Sum.of(3, BEFORE, new Phone("p", 42, 13))).isEqualTo(new Sum(3, 2, 1, 0, 0));
  }

  @Test
  void aMessageOfWhichNoPushTellsIsLostAlsoWhenALaterOneIsTold() {
    assertThat(Sum.of(3, BEFORE, new Phone("p", 42, 12))).isEqualTo(new Sum(3, 2, 0, 0, 1));
  }

  @Test
  void aPushThatComesTwiceHidesNoneThatIsLost() {
    assertThat(Sum.of(3, BEFORE, new Phone("p", 43, 12))).isEqualTo(new Sum(3, 3, 0, 1, 1));
  }

  @Test
  void aTextSaysWhenItWasDue() {
    long micros = ScheduledText.epochMicros(Instant.parse("2026-01-01T00:00:00.000123Z"));
    String text = ScheduledText.of(micros, 128);
    assertThat(text).hasSize(128);
    assertThat(ScheduledText.epochMicros(text)).isEqualTo(micros);
  }

  @Test
  void aRateAtWhichPushesWouldCollapseIsRefused() {
    assertThatThrownBy(() -> options(10_100)).hasMessageContaining("take more groups");
    assertThatThrownBy(() -> options(50)).hasMessageContaining("multiple of the members");
    assertThat(options(10_000).messagesPerSecond()).isEqualTo(100);
  }

  private static PushBenchOptions options(int rate) {
    return new PushBenchOptions(100, 100, rate, 128, Duration.ZERO, Duration.ofSeconds(1), Duration.ofSeconds(3));
  }
}
