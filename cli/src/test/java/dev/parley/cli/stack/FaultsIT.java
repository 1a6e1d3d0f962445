package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.Bench;
import dev.parley.bench.BenchOptions;
import dev.parley.bench.BenchResult;
import dev.parley.bench.Fault;
import dev.parley.bench.history.Finding.Kind;
import dev.parley.parts.PartProcess;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts die under load; the bench's checker reads every client's history and the log. */
class FaultsIT {
  private static final int RATE = 300;

  @TempDir Path data;

  @Test
  void nothingAcknowledgedIsLostDoubledOrReorderedWhateverDies() throws Exception {
    try (LiveStack parley = new LiveStack(data)) {
      BenchResult result =
          underLoad(
              parley,
              List.of(
                  fault("router crashes", parley::crashRouter),
                  fault("broker crashes", parley::crashBroker),
                  fault("router is replaced", parley::replaceRouter),
                  // Longer than an append may take.
                  Fault.lasting(
                      "broker hangs",
                      Fault.Demand.SAFE,
                      parley.nats()::pause,
                      Duration.ofSeconds(3),
                      parley.nats()::resume),
                  fault("router crashes", parley::crashRouter),
                  fault("broker crashes", parley::crashBroker)));
      assertNothingMissing(result);
    }
  }

  @Test
  void aRouterThatHungForThreeSecondsHasLostDoubledAndReorderedNothing() throws Exception {
    try (LiveStack parley = new LiveStack(data)) {
      PartProcess router = parley.router(1);
      BenchResult result =
          underLoad(
              parley,
              List.of(
                  Fault.lasting(
                      "router hangs", Fault.Demand.SAFE, router::pause, Duration.ofSeconds(3), router::resume)));
      assertNothingMissing(result);
      assertThat(router.isAlive()).isTrue();
    }
  }

  private static void assertNothingMissing(BenchResult result) {
    // On a machine that is busy a head can come long before its event. The client then opens a new stream: what never
    // came would be found as not delivered.
    assertThat(result.verdict().findings()).filteredOn(each -> each.kind() != Kind.MISSING_HEAD).isEmpty();
    assertThat(result.waits().refusedByReason()).as("refused").isEmpty();
    assertThat(result.acked()).as("acknowledged").isEqualTo(result.sent());
  }

  private static Fault fault(String name, Fault.Action action) {
    return new Fault(name, Fault.Demand.SAFE, action);
  }

  /** Runs a load and lets the faults happen one after the other, with three seconds of load between. */
  private static BenchResult underLoad(LiveStack parley, List<Fault> faults) throws Exception {
    BenchOptions options =
        new BenchOptions(
            BenchOptions.Mode.PAIRS,
            RATE,
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            20,
            128,
            1,
            0,
            false,
            Duration.ofSeconds(120),
            true,
            50);
    try (ParleyEndpoint edge = parley.edge()) {
      return new Bench(
              options,
              edge,
              user -> TokenSource.fixed(parley.token(user, Duration.ofHours(1))),
              Map.of("router", parley.router(1).pid()),
              System.err)
          .run(faults, Duration.ofSeconds(3));
    }
  }
}
