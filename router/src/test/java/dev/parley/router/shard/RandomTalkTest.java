package dev.parley.router.shard;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** A short random talk; {@link RandomTalkIT} has the long ones. First, since it is by far the longest unit test. */
@Order(1)
class RandomTalkTest {
  @Test
  void everyDeviceHearsEveryEventOnceInOrderAndEveryCommandHasOneOutcome() {
    for (long seed = 1; seed <= 5; seed++) {
      new RandomTalk(seed, 1).run(600);
    }
  }
}
