package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.Bench;
import dev.parley.bench.BenchOptions;
import dev.parley.bench.BenchResult;
import dev.parley.bench.Fault;
import dev.parley.bench.Fault.Demand;
import dev.parley.bench.history.Finding.Kind;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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
  private static final int RATE = 500;
  private static final Duration PAUSE = Duration.ofSeconds(5);
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
    assertNothingIsLost(
        fault("crash", Demand.SOON_CAUGHT_UP, () -> parley.killRouter(1)),
        fault("back", Demand.UNNOTICED, () -> parley.startRouter(1)));
  }

  @Test
  void aRouterThatLeavesAndComesBack() throws Exception {
    assertNothingIsLost(
        fault("leave", Demand.UNNOTICED, () -> parley.stopRouter(2)),
        fault("back", Demand.UNNOTICED, () -> parley.startRouter(2)));
  }

  @Test
  void aRouterThatHangsAndDoesNotKnowThatOthersHaveItsShards() throws Exception {
    assertNothingIsLost(hang(1), hang(2));
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
    assertNothingIsLost(
        fault("join", Demand.UNNOTICED, () -> parley.startRouter(3)),
        fault("leave", Demand.UNNOTICED, () -> parley.stopRouter(3)));
  }

  @Test
  void aBrokerThatCrashesAndComesBack() throws Exception {
    assertNothingIsLost(fault("broker", Demand.SOON_CAUGHT_UP, parley::crashBroker));
  }

  private static Fault fault(String name, Demand demand, Fault.Action action) {
    return new Fault(name, demand, action);
  }

  private static void assertNothingIsLost(Fault... faults) throws Exception {
    BenchOptions options =
        new BenchOptions(
            BenchOptions.Mode.PAIRS,
            RATE,
            PAUSE,
            Duration.ofSeconds(1),
            40,
            128,
            1,
            0,
            false,
            Duration.ofSeconds(120),
            true,
            50);
    try (ParleyEndpoint edge = parley.edge()) {
      BenchResult result =
          new Bench(
                  options,
                  edge,
                  user -> TokenSource.fixed(parley.token(user, Duration.ofHours(1))),
                  Map.of(),
                  System.err)
              .run(List.of(faults), PAUSE);
      System.err.println(result.text());
      // On a machine that is busy a head can come long before its event. The client then opens a new stream: what never
      // came would be found as not delivered.
      assertThat(result.verdict().findings()).filteredOn(each -> each.kind() != Kind.MISSING_HEAD).isEmpty();
      assertThat(result.waits().refusedByReason()).as("refused").isEmpty();
      assertThat(result.acked()).as("acknowledged").isEqualTo(result.sent());
    }
  }
}
