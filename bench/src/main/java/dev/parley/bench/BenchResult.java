package dev.parley.bench;

import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What a run has shown.
 *
 * @param ok nothing was lost, doubled or out of order, and something was sent
 * @param rate acknowledged messages a second within the measured window
 * @param sent messages of the window
 * @param acked those that were acknowledged
 * @param delivered deliveries of messages of the window
 * @param lost acknowledged and not on the log, or not delivered to somebody
 * @param duplicated on the log or delivered twice
 * @param reordered delivered after a newer one, or seen differently by two clients
 * @param gaps events passed over
 * @param latency from the scheduled time to the recipient, in microseconds
 * @param ack from the scheduled time to the answer, in microseconds
 * @param catchUp mode resume: from the connect until everything missed had come, in microseconds
 * @param cpuMicrosPerMessage by process
 * @param rssMegabytes by process
 */
public record BenchResult(
    boolean ok,
    double rate,
    long sent,
    long acked,
    long delivered,
    long lost,
    long duplicated,
    long reordered,
    long gaps,
    Histogram latency,
    Histogram ack,
    @Nullable Histogram catchUp,
    Map<String, Double> cpuMicrosPerMessage,
    Map<String, Double> rssMegabytes) {

  /** One JSON object. */
  public String json() {
    StringJoiner json = new StringJoiner(", ", "{", "}");
    json.add("\"ok\": " + ok).add("\"rate\": " + number(rate));
    json.add("\"sent\": " + sent).add("\"acked\": " + acked).add("\"delivered\": " + delivered);
    json.add("\"lost\": " + lost).add("\"duplicated\": " + duplicated).add("\"reordered\": " + reordered);
    json.add("\"gaps\": " + gaps);
    json.add("\"latency_ms\": " + percentiles(latency)).add("\"ack_ms\": " + percentiles(ack));
    if (catchUp != null) {
      json.add("\"catch_up_ms\": " + percentiles(catchUp));
    }
    json.add("\"cpu_us_per_message\": " + numbers(cpuMicrosPerMessage));
    json.add("\"rss_mb\": " + numbers(rssMegabytes));
    return json.toString();
  }

  /** A few lines for a person. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(ok ? "ok" : "FAILED").append(": ").append(number(rate)).append(" messages/s\n");
    text.append("sent ").append(sent).append(", acked ").append(acked).append(", delivered ").append(delivered);
    text.append("; lost ").append(lost).append(", duplicated ").append(duplicated);
    text.append(", reordered ").append(reordered).append(", gaps ").append(gaps).append('\n');
    text.append("latency ms  ").append(percentiles(latency)).append('\n');
    text.append("ack ms      ").append(percentiles(ack)).append('\n');
    if (catchUp != null) {
      text.append("catch-up ms ").append(percentiles(catchUp)).append('\n');
    }
    text.append("cpu us/message ").append(numbers(cpuMicrosPerMessage)).append('\n');
    text.append("memory MB      ").append(numbers(rssMegabytes)).append('\n');
    return text.toString();
  }

  private static String percentiles(Histogram micros) {
    return "{\"p50\": " + millis(micros.getValueAtPercentile(50))
        + ", \"p90\": " + millis(micros.getValueAtPercentile(90))
        + ", \"p99\": " + millis(micros.getValueAtPercentile(99))
        + ", \"p999\": " + millis(micros.getValueAtPercentile(99.9))
        + ", \"max\": " + millis(micros.getMaxValue()) + "}";
  }

  private static String millis(long micros) {
    return number(micros / 1_000.0);
  }

  private static String numbers(Map<String, Double> values) {
    StringJoiner json = new StringJoiner(", ", "{", "}");
    values.forEach((name, value) -> json.add("\"" + name + "\": " + number(value)));
    return json.toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
