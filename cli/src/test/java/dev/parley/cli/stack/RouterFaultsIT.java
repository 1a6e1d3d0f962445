package dev.parley.cli.stack;

import dev.parley.bench.Fault;
import dev.parley.bench.Fault.Demand;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What becomes of 500 messages a second when routers come, go, crash and hang. Whatever happens, no send fails, and the
 * bench's checker finds nothing lost, doubled or out of order. How long clients wait is for {@code parley bench faults}
 * to say.
 */
class RouterFaultsIT {
  private static final FaultyTimes LOAD = new FaultyTimes(500, 40, Duration.ofSeconds(5), Duration.ofSeconds(2));
  /** A router that is silent for so long has lost its shards to the others. */
  private static final Duration LONGER_THAN_BELIEVED = Duration.ofSeconds(5);

  @TempDir static Path data;
  private static LiveStack parley;

  @BeforeAll
  static void start() throws Exception {
    parley = new LiveStack(data, 2, 1);
  }

  @AfterAll
  static void stop() throws Exception {
    parley.close();
  }

  @Test
  void aRouterThatCrashesAndComesBack() throws Exception {
    LOAD.assertNothingIsLost(
        parley,
        fault("crash", Demand.SOON_CAUGHT_UP, () -> parley.killRouter(1)),
        fault("back", Demand.UNNOTICED, () -> parley.startRouter(1)));
  }

  @Test
  void aRouterThatLeavesAndComesBack() throws Exception {
    LOAD.assertNothingIsLost(
        parley,
        fault("leave", Demand.UNNOTICED, () -> parley.stopRouter(2)),
        fault("back", Demand.UNNOTICED, () -> parley.startRouter(2)));
  }

  @Test
  void aRouterThatHangsAndDoesNotKnowThatOthersHaveItsShards() throws Exception {
    LOAD.assertNothingIsLost(parley, hang(1), hang(2));
  }

  private static Fault hang(int router) {
    return Fault.lasting(
        "hang",
        Demand.SAFE,
        () -> parley.router(router).pause(),
        LONGER_THAN_BELIEVED,
        () -> parley.router(router).resume());
  }

  @Test
  void aThirdRouterThatJoinsAndLeaves() throws Exception {
    LOAD.assertNothingIsLost(
        parley,
        fault("join", Demand.UNNOTICED, () -> parley.startRouter(3)),
        fault("leave", Demand.UNNOTICED, () -> parley.stopRouter(3)));
  }

  @Test
  void aBrokerThatCrashesAndComesBack() throws Exception {
    LOAD.assertNothingIsLost(parley, fault("broker", Demand.SOON_CAUGHT_UP, parley::crashBroker));
  }

  private static Fault fault(String name, Demand demand, Fault.Action action) {
    return new Fault(name, demand, action);
  }
}
