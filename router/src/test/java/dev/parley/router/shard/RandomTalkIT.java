package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class RandomTalkIT {
  private static final int SEEDS = 150;
  private static final int STEPS = 1_500;

  @Test
  void everyDeviceHearsEveryEventOnceInOrderAndEveryCommandHasOneOutcome() {
    talk(1);
  }

  @Test
  void soItIsWhenRoutersTakeTheShardFromEachOther() {
    talk(2);
  }

  private static void talk(int routers) {
    for (long seed = 1; seed <= SEEDS; seed++) {
      RandomTalk talk = new RandomTalk(seed, routers);
      assertThatCode(() -> talk.run(STEPS)).as("seed " + seed).doesNotThrowAnyException();
    }
  }
}
