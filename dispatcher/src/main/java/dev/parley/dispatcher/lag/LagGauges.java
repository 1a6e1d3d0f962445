package dev.parley.dispatcher.lag;

import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableDoubleGauge;
import io.opentelemetry.api.metrics.ObservableLongGauge;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * Two gauges of a lag: its records, and its age, which grows with the clock for as long as nobody says that something was
 * dealt with. Thread-safe; {@link #close} takes them back.
 */
public final class LagGauges implements AutoCloseable {
  /** How often the broker is asked where shards end. */
  public static final Duration EVERY = Duration.ofSeconds(5);

  /** Three times the broker did not say how long the log is: then nobody knows how many records wait. */
  private static final Duration KNOWN = EVERY.multipliedBy(3);

  private static final long NOT_KNOWN = -1;
  private static final double MILLIS = 1e3;

  private final ObservableLongGauge records;
  private final ObservableDoubleGauge age;
  private volatile Lag lag;

  /** What was last known. */
  private record Lag(long records, Instant asked, Instant dealtWith) {}

  /**
   * Gauges of a lag that begins now.
   *
   * @param name of the one; that of the other ends with {@code .age}
   * @param ofRecords what the one says
   * @param ofAge what the other one says
   */
  public LagGauges(Meter meter, String name, String ofRecords, String ofAge, InstantSource clock) {
    Instant begun = clock.instant();
    lag = new Lag(NOT_KNOWN, begun, begun);
    records =
        meter
            .gaugeBuilder(name)
            .ofLongs()
            .setDescription(ofRecords)
            .buildWithCallback(
                gauge -> {
                  Lag now = lag;
                  if (now.records != NOT_KNOWN && !clock.instant().isAfter(now.asked.plus(KNOWN))) {
                    gauge.record(now.records);
                  }
                });
    age =
        meter
            .gaugeBuilder(name + ".age")
            .setUnit("s")
            .setDescription(ofAge)
            .buildWithCallback(
                gauge -> gauge.record(Math.max(0, Duration.between(lag.dealtWith, clock.instant()).toMillis()) / MILLIS));
  }

  /**
   * The broker has said where the shards end.
   *
   * @param behind records beyond what is dealt with
   * @param asked when
   * @param dealtWith all that was on the log then is
   */
  public void tell(long behind, Instant asked, Instant dealtWith) {
    lag = new Lag(behind, asked, dealtWith);
  }

  /** As {@link #tell(long, Instant, Instant)}, when nobody knows how many records. */
  public void tell(Instant asked, Instant dealtWith) {
    lag = new Lag(NOT_KNOWN, asked, dealtWith);
  }

  @Override
  public void close() {
    records.close();
    age.close();
  }
}
