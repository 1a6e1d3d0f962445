package dev.parley.bench;

import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.HdrHistogram.Histogram;

/** How results write numbers: alike for people and as JSON. */
public final class Numbers {
  private Numbers() {}

  public static String percentiles(Histogram micros) {
    return "{\"p50\": " + millis(micros.getValueAtPercentile(50))
        + ", \"p90\": " + millis(micros.getValueAtPercentile(90))
        + ", \"p99\": " + millis(micros.getValueAtPercentile(99))
        + ", \"p999\": " + millis(micros.getValueAtPercentile(99.9))
        + ", \"max\": " + millis(micros.getMaxValue()) + "}";
  }

  public static String millis(long micros) {
    return number(micros / 1_000.0);
  }

  public static String numbers(Map<String, Double> values) {
    StringJoiner json = new StringJoiner(", ", "{", "}");
    values.forEach((name, value) -> json.add("\"" + name + "\": " + number(value)));
    return json.toString();
  }

  public static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
