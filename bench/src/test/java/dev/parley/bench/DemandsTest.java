package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.Fault.Demand;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class DemandsTest {
  private static final long SECOND = 1_000_000_000;
  private static final Demands DEMANDS = new Demands(null, Duration.ofSeconds(5), Duration.ofSeconds(1), 50);

  private final Stretch stretch = new Stretch();

  @Test
  void aRunMeetsDemandsUntilAClientWaitsTooLong() {
    stretch.answered(SECOND, 0);
    stretch.arrived(5 * SECOND, 0);
    assertThat(DEMANDS.unmet(run())).isEmpty();
    stretch.answered(SECOND + 1_000_000, 0);
    stretch.arrived(5 * SECOND + 1_000_000, 0);
    assertThat(DEMANDS.unmet(run()))
        .containsExactly("longest gap 5001.00 ms, asked for 5000 ms", "longest wait 1001.00 ms, asked for 1000 ms");
  }

  @Test
  void aSendThatFailedHasWaitedForEver() {
    stretch.refused("OVERLOADED");
    assertThat(DEMANDS.unmet(run())).containsExactly("1 sends failed");
    assertThat(new Demands(null, null, null, null).unmet(run())).isEmpty();
  }

  @Test
  void afterACrashClientsAreCaughtUpSoonHoweverLongOneOfThemWaited() {
    stretch.arrived(6 * SECOND, 14 * SECOND);
    assertThat(DEMANDS.unmet(run(Demand.SOON_CAUGHT_UP, 10 * SECOND))).isEmpty();
    stretch.answered(Stretch.LATE + 1, 16 * SECOND);
    assertThat(DEMANDS.unmet(run(Demand.SOON_CAUGHT_UP, 10 * SECOND)))
        .containsExactly("after it: caught up 6000.00 ms, asked for 5000 ms");
    assertThat(DEMANDS.unmet(run(Demand.SAFE, 10 * SECOND))).isEmpty();
  }

  @Test
  void whatIsOnTimeIsNotCatchingUp() {
    stretch.answered(Stretch.LATE, 16 * SECOND);
    assertThat(stretch.caughtUpAfter(10 * SECOND)).isZero();
  }

  @Test
  void aPlannedMoveIsNotNoticed() {
    assertThat(DEMANDS.unmet(run(Demand.UNNOTICED, 0))).isEmpty();
    stretch.arrived(2 * SECOND, 0);
    stretch.refused("DRAINING");
    assertThat(DEMANDS.unmet(run(Demand.UNNOTICED, 0)))
        .containsExactly("after it: longest wait 2000.00 ms, asked for 1000 ms", "after it: 1 sends failed");
  }

  private BenchResult run() {
    return result(List.of());
  }

  private BenchResult run(Demand demand, long doneNanos) {
    Fault fault = new Fault("it", demand, () -> {});
    return result(List.of(new FaultResult(fault, 0, stretch.waits(), stretch.caughtUpAfter(doneNanos) / 1_000,
        stretch.p99Micros())));
  }

  private BenchResult result(List<FaultResult> faults) {
    Histogram nothing = new Histogram(1);
    Verdict verdict = new Verdict(true, 0, Map.of(), List.of());
    return new BenchResult(
        1, 1, 1, 1, 0, verdict, stretch.waits(), faults, nothing, nothing, null, Map.of(), Map.of());
  }
}
