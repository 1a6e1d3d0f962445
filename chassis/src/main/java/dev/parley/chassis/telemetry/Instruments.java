package dev.parley.chassis.telemetry;

import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongGauge;
import java.util.List;
import java.util.function.LongSupplier;

/** Makes instruments, all of a kind in the same way. */
public final class Instruments {
  /** From what a machine does at once to what nobody waits for. */
  private static final List<Double> SECONDS =
      List.of(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0);

  private Instruments() {}

  /** How long something took, in seconds. */
  public static DoubleHistogram seconds(Meter meter, String name, String description) {
    return meter
        .histogramBuilder(name)
        .setUnit("s")
        .setDescription(description)
        .setExplicitBucketBoundariesAdvice(SECONDS)
        .build();
  }

  /** How often something happened. */
  public static LongCounter count(Meter meter, String name, String description) {
    return meter.counterBuilder(name).setDescription(description).build();
  }

  /** How many of something there are; {@code now} is asked when somebody looks. */
  public static ObservableLongGauge now(Meter meter, String name, String description, LongSupplier now) {
    return meter
        .gaugeBuilder(name)
        .ofLongs()
        .setDescription(description)
        .buildWithCallback(gauge -> gauge.record(now.getAsLong()));
  }
}
