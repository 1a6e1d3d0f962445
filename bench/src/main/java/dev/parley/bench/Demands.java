package dev.parley.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run is asked to show beside its checks. Null: not asked for.
 *
 * @param maxP99 of the latency from the scheduled time to the recipient, at most
 * @param maxGap the longest time in which a client is not served, at most; in a run with faults: the time to be caught
 *     up
 *     after each that demands it
 * @param maxWait the longest wait for an answer, at most, where a send that failed has waited for ever; in a run with
 *     faults: the longest wait or gap after each that should not be noticed
 * @param maxChange by how many percent the delivery p99 after faults that should not be felt may exceed that of the worst
 *     calm stretch
 */
public record Demands(
    @Nullable Duration maxP99,
    @Nullable Duration maxGap,
    @Nullable Duration maxWait,
    @Nullable Integer maxChange) {

  /** What the run did not show, in words. */
  public List<String> unmet(BenchResult result) {
    List<String> unmet = new ArrayList<>();
    compare(unmet, "delivery p99", result.latency().getValueAtPercentile(99), maxP99);
    if (result.faults().isEmpty()) {
      compare(unmet, "longest gap", result.waits().longestGapMicros(), maxGap);
      unnoticed(unmet, "", result.waits().longestWaitMicros(), result.waits().refused());
    }
    for (FaultResult each : result.faults()) {
      String after = "after " + each.fault().name() + ": ";
      switch (each.fault().demand()) {
        case SOON_CAUGHT_UP -> compare(unmet, after + "caught up", each.caughtUpMicros(), maxGap);
        case UNNOTICED ->
            unnoticed(
                unmet,
                after,
                Math.max(each.waits().longestWaitMicros(), each.waits().longestGapMicros()),
                each.waits().refused());
        case UNFELT -> {
          unnoticed(
              unmet,
              after,
              Math.max(each.waits().longestWaitMicros(), each.waits().longestGapMicros()),
              each.waits().refused());
          unchanged(unmet, after, each.p99Micros(), result.faults());
        }
        case SAFE -> {
          // The checks have said it.
        }
      }
    }
    return unmet;
  }

  private void unchanged(List<String> unmet, String after, long micros, List<FaultResult> all) {
    if (maxChange == null) {
      return;
    }
    long calm =
        all.stream().filter(each -> each.fault().name().equals(Fault.CALM)).mapToLong(FaultResult::p99Micros).max().orElse(0);
    if (micros > calm * (100 + maxChange) / 100) {
      unmet.add(
          after + "delivery p99 " + Numbers.millis(micros) + " ms, in calm " + Numbers.millis(calm) + " ms, asked for at most "
              + maxChange + " % more");
    }
  }

  private void unnoticed(List<String> unmet, String after, long longestMicros, long refused) {
    compare(unmet, after + "longest wait", longestMicros, maxWait);
    if (maxWait != null && refused > 0) {
      unmet.add(after + refused + " sends failed");
    }
  }

  private static void compare(List<String> unmet, String what, long micros, @Nullable Duration limit) {
    if (limit != null && micros > limit.toNanos() / 1_000) {
      unmet.add(what + " " + Numbers.millis(micros) + " ms, asked for " + limit.toMillis() + " ms");
    }
  }
}
