package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.Fault;
import dev.parley.parts.PartProcess;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts die under load; the bench's checker reads every client's history and the log. */
class FaultsIT {
  private static final FaultyTimes LOAD = new FaultyTimes(300, 20, Duration.ofSeconds(10), Duration.ofSeconds(2));

  @TempDir Path data;

  @Test
  void nothingAcknowledgedIsLostDoubledOrReorderedWhateverDies() throws Exception {
    try (LiveStack parley = new LiveStack(data)) {
      LOAD.assertNothingIsLost(
          parley,
          fault("router crashes", parley::crashRouter),
          fault("broker crashes", parley::crashBroker),
          fault("router is replaced", parley::replaceRouter),
          // Longer than an append may take.
          Fault.lasting(
              "broker hangs", Fault.Demand.SAFE, parley.nats()::pause, Duration.ofSeconds(3), parley.nats()::resume),
          fault("router crashes", parley::crashRouter),
          fault("broker crashes", parley::crashBroker));
    }
  }

  @Test
  void aRouterThatHungForThreeSecondsHasLostDoubledAndReorderedNothing() throws Exception {
    try (LiveStack parley = new LiveStack(data)) {
      PartProcess router = parley.router(1);
      LOAD.assertNothingIsLost(
          parley,
          Fault.lasting(
              "router hangs", Fault.Demand.SAFE, router::pause, Duration.ofSeconds(3), router::resume));
      assertThat(router.isAlive()).isTrue();
    }
  }

  private static Fault fault(String name, Fault.Action action) {
    return new Fault(name, Fault.Demand.SAFE, action);
  }
}
