package dev.parley.sdk;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Short random sessions; {@link RandomSessionIT} has the long ones. First, since they go through most. */
@Order(1)
class RandomSessionTest {
  @Test
  void everyEventIsHeardOnceInOrderAndEveryCommandIsAnswered() {
    for (long seed = 1; seed <= 5; seed++) {
      new RandomSession(seed).run(200);
    }
  }
}
