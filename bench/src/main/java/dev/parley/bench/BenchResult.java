package dev.parley.bench;

import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What a run has shown.
 *
 * @param rate acknowledged messages a second within the measured window
 * @param sent messages of the window
 * @param acked those that were acknowledged
 * @param delivered deliveries of messages of the window
 * @param resent sends that were repeated on purpose, or because their outcome was unknown
 * @param verdict what was lost, doubled or out of order
 * @param waits what clients had to put up with
 * @param faults what happened to the deployment, in order
 * @param latency from the scheduled time to the recipient, in microseconds
 * @param ack from the scheduled time to the answer, in microseconds
 * @param catchUp mode resume: from the connect until everything missed had come, in microseconds
 * @param cpuMicrosPerMessage by process
 * @param rssMegabytes by process
 */
public record BenchResult(
    double rate,
    long sent,
    long acked,
    long delivered,
    long resent,
    Verdict verdict,
    Waits waits,
    List<FaultResult> faults,
    Histogram latency,
    Histogram ack,
    @Nullable Histogram catchUp,
    Map<String, Double> cpuMicrosPerMessage,
    Map<String, Double> rssMegabytes) {

  /** Nothing was lost, doubled or out of order, and something was sent. */
  public boolean ok() {
    return verdict.ok() && acked > 0;
  }

  /** One JSON object. */
  public String json() {
    StringJoiner json = new StringJoiner(", ", "{", "}");
    json.add("\"ok\": " + ok()).add("\"rate\": " + Numbers.number(rate));
    json.add("\"sent\": " + sent).add("\"acked\": " + acked).add("\"delivered\": " + delivered);
    json.add("\"resent\": " + resent).add(verdict.json()).add(waits.json());
    json.add("\"latency_ms\": " + Numbers.percentiles(latency)).add("\"ack_ms\": " + Numbers.percentiles(ack));
    if (catchUp != null) {
      json.add("\"catch_up_ms\": " + Numbers.percentiles(catchUp));
    }
    if (!faults.isEmpty()) {
      json.add("\"faults\": " + faults.stream().map(FaultResult::json).collect(Collectors.joining(", ", "[", "]")));
    }
    json.add("\"cpu_us_per_message\": " + Numbers.numbers(cpuMicrosPerMessage));
    json.add("\"rss_mb\": " + Numbers.numbers(rssMegabytes));
    return json.toString();
  }

  /** A few lines for a person. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(ok() ? "ok" : "FAILED").append(": ").append(Numbers.number(rate)).append(" messages/s\n");
    text.append("sent ").append(sent).append(", acked ").append(acked).append(", delivered ").append(delivered);
    text.append(", resent ").append(resent).append("; ").append(verdict.text()).append('\n');
    text.append(waits.text()).append('\n');
    text.append("latency ms  ").append(Numbers.percentiles(latency)).append('\n');
    text.append("ack ms      ").append(Numbers.percentiles(ack)).append('\n');
    if (catchUp != null) {
      text.append("catch-up ms ").append(Numbers.percentiles(catchUp)).append('\n');
    }
    faults.forEach(fault -> text.append(fault.text()).append('\n'));
    text.append("cpu us/message ").append(Numbers.numbers(cpuMicrosPerMessage)).append('\n');
    text.append("memory MB      ").append(Numbers.numbers(rssMegabytes)).append('\n');
    return text.toString();
  }
}
