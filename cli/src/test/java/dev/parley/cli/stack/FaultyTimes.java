package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.Bench;
import dev.parley.bench.BenchOptions;
import dev.parley.bench.BenchResult;
import dev.parley.bench.Fault;
import dev.parley.bench.history.Finding.Kind;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A load through the edge while faults happen one after the other.
 *
 * @param rate messages a second
 * @param clients so many, in pairs
 * @param duration how long at least
 * @param pause of load between two faults
 */
record FaultyTimes(int rate, int clients, Duration duration, Duration pause) {
  /** Whatever the faults do, everything that was sent is acknowledged, and stored and delivered once, in order. */
  void assertNothingIsLost(LiveStack parley, Fault... faults) throws Exception {
    BenchOptions options =
        new BenchOptions(
            BenchOptions.Mode.PAIRS,
            rate,
            duration,
            Duration.ofSeconds(1),
            clients,
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
              .run(List.of(faults), pause);
      System.err.println(result.text());
      // On a machine that is busy a head can come long before its event. The client then opens a new stream: what never
      // came would be found as not delivered.
      assertThat(result.verdict().findings()).filteredOn(each -> each.kind() != Kind.MISSING_HEAD).isEmpty();
      assertThat(result.waits().refusedByReason()).as("refused").isEmpty();
      assertThat(result.acked()).as("acknowledged").isEqualTo(result.sent()).isPositive();
    }
  }
}
