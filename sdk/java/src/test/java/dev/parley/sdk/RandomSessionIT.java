package dev.parley.sdk;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class RandomSessionIT {
  private static final int SEEDS = 500;
  private static final int STEPS = 2_000;

  @Test
  void everyEventIsHeardOnceInOrderAndEveryCommandIsAnswered() {
    for (long seed = 1; seed <= SEEDS; seed++) {
      RandomSession session = new RandomSession(seed);
      assertThatCode(() -> session.run(STEPS)).as("seed " + seed).doesNotThrowAnyException();
    }
  }
}
