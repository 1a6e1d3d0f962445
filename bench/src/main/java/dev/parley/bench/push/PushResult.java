package dev.parley.bench.push;

import dev.parley.bench.Numbers;
import dev.parley.bench.push.PushCount.Sum;
import java.time.Duration;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What a run has shown.
 *
 * @param rate pushes a second that came to phones within the measured window
 * @param refused messages that were not stored, or of which that is not known
 * @param counts of all pushes of the load, warm-up included
 * @param deadLetters at the end
 * @param heard whether all pushes to the probes were heard of
 * @param total from the scheduled time to a probe, in microseconds
 * @param overGrace of that what is above the grace
 * @param driftMicros by how much the median delay of the second half is above that of the first
 * @param cpuMicrosPerPush by process
 * @param rssMegabytes by process
 */
public record PushResult(
    double rate,
    long refused,
    Sum counts,
    int deadLetters,
    boolean heard,
    Histogram total,
    Histogram overGrace,
    long driftMicros,
    Map<String, Double> cpuMicrosPerPush,
    Map<String, Double> rssMegabytes) {

  /** Everybody was told of everything, and nothing was given up. */
  public boolean ok() {
    return counts.expected() > 0
        && counts.lost() == 0
        && refused == 0
        && deadLetters == 0
        && heard
        && total.getTotalCount() > 0;
  }

  /** Whether 99 in 100 pushes came within so much more than the grace. */
  public boolean within(Duration limit) {
    return overGrace.getValueAtPercentile(99) <= limit.toNanos() / 1_000;
  }

  /** One JSON object. */
  public String json() {
    return "{\"bench\": \"push\", \"ok\": " + ok()
        + ", \"pushes_per_second\": " + Numbers.number(rate)
        + ", \"expected\": " + counts.expected()
        + ", \"received\": " + counts.received()
        + ", \"collapsed\": " + counts.collapsed()
        + ", \"twice\": " + counts.twice()
        + ", \"lost\": " + counts.lost()
        + ", \"refused_messages\": " + refused
        + ", \"dead_letters\": " + deadLetters
        + ", \"probes_heard\": " + heard
        + ", \"probed\": " + total.getTotalCount()
        + ", \"delay_ms\": " + Numbers.percentiles(total)
        + ", \"over_grace_ms\": " + Numbers.percentiles(overGrace)
        + ", \"drift_ms\": " + Numbers.millis(driftMicros)
        + ", \"cpu_us_per_push\": " + Numbers.numbers(cpuMicrosPerPush)
        + ", \"rss_mb\": " + Numbers.numbers(rssMegabytes) + "}";
  }

  /** A few lines for a person. */
  public String text() {
    return (ok() ? "ok: " : "FAILED: ") + Numbers.number(rate) + " pushes/s\n"
        + "expected " + counts.expected() + ", received " + counts.received() + ", collapsed " + counts.collapsed()
        + ", twice " + counts.twice() + ", lost " + counts.lost() + "; messages refused " + refused
        + ", dead letters " + deadLetters + (heard ? "\n" : "; not all pushes to the probes were heard of\n")
        + "delay ms       " + Numbers.percentiles(total) + " of " + total.getTotalCount() + " pushes to probes\n"
        + "over grace ms  " + Numbers.percentiles(overGrace) + ", drift " + Numbers.millis(driftMicros) + "\n"
        + "cpu us/push    " + Numbers.numbers(cpuMicrosPerPush) + "\n"
        + "memory MB      " + Numbers.numbers(rssMegabytes);
  }
}
