package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RandomContentionIT {
  private static final int SEEDS = 120;
  private static final int STEPS = 1_500;

  @Test
  void everyRecordLiesUnderItsTermAndWhatWasToldOfItIsTrue() {
    AtomicInteger owners = new AtomicInteger();
    for (long seed = 1; seed <= SEEDS; seed++) {
      RandomContention contention = new RandomContention(seed);
      assertThatCode(() -> owners.addAndGet(contention.run(STEPS))).as("seed " + seed).doesNotThrowAnyException();
    }
    assertThat(owners.get()).as("take-overs").isGreaterThan(SEEDS * 10);
  }
}
