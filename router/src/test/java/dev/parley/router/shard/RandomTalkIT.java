package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;
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
    assertThat(talk(2)).as("moves of the shard").isGreaterThan(SEEDS * 5);
  }

  /** Returns how often the shard went from one router to another. */
  private static int talk(int routers) {
    int moves = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      RandomTalk talk = new RandomTalk(seed, routers);
      assertThatCode(() -> talk.run(STEPS)).as("seed " + seed).doesNotThrowAnyException();
      moves += talk.moves();
    }
    return moves;
  }
}
