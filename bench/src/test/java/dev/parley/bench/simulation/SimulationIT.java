package dev.parley.bench.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** One seed alone: {@code -Dparley.simulation.first=77 -Dparley.simulation.seeds=1}. */
class SimulationIT {
  private static final int FIRST = Integer.getInteger("parley.simulation.first", 1);
  private static final int SEEDS = Integer.getInteger("parley.simulation.seeds", 500);
  private static final int STEPS = 1_000;

  @Test
  void whateverHappensToRoutersEveryDeviceHasEveryEventOnceInOrderAndEveryCommandOneOutcome() {
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      assertThat(new Simulation(seed).run(STEPS)).as("seed " + seed).isEmpty();
    }
  }
}
