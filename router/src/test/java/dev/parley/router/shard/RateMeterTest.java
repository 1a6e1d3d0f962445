package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RateMeterTest {
  private final Instant start = Instant.parse("2026-03-01T12:00:00Z");
  private final RateMeter meter = new RateMeter(10, 2);

  @Test
  void letsABurstThroughAndThenTheRate() {
    assertThat(meter.take(start)).isTrue();
    assertThat(meter.take(start)).isTrue();
    assertThat(meter.take(start)).isFalse();
    assertThat(meter.wait(start)).isEqualTo(Duration.ofMillis(100));
    assertThat(meter.take(start.plusMillis(99))).isFalse();
    assertThat(meter.take(start.plusMillis(100))).isTrue();
    assertThat(meter.take(start.plusMillis(100))).isFalse();
  }

  @Test
  void neverSavesMoreThanABurst() {
    meter.take(start);
    Instant later = start.plus(Duration.ofDays(3));
    assertThat(meter.wait(later)).isZero();
    assertThat(meter.take(later)).isTrue();
    assertThat(meter.take(later)).isTrue();
    assertThat(meter.take(later)).isFalse();
  }

  @Test
  void aClockThatGoesBackGivesNothing() {
    meter.take(start);
    meter.take(start);
    assertThat(meter.take(start.minusSeconds(10))).isFalse();
    assertThat(meter.take(start.plusMillis(100))).isTrue();
  }
}
