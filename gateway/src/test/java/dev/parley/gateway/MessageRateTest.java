package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MessageRateTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private static int taken(MessageRate rate, long now) {
    int taken = 0;
    while (rate.take(now)) {
      taken++;
    }
    return taken;
  }

  @Test
  void twiceTheRateMayComeAtOnceAndThenTheRate() {
    MessageRate rate = new MessageRate(10, 0);

    assertThat(taken(rate, 0)).isEqualTo(20);
    assertThat(taken(rate, SECOND)).isEqualTo(10);
    assertThat(taken(rate, SECOND + SECOND / 2)).isEqualTo(5);
  }

  @Test
  void silenceIsNotSavedUp() {
    MessageRate rate = new MessageRate(10, -SECOND);

    assertThat(taken(rate, 100 * SECOND)).isEqualTo(20);
  }
}
