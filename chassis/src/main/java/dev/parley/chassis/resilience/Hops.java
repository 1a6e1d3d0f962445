package dev.parley.chassis.resilience;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.metrics.ObservableLongGauge;
import java.time.Clock;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;

/**
 * Makes the hops of a program, and shows their states and counts as the metrics {@code parley.hop.state} (0 closed, 1
 * half open, 2 open) and {@code parley.hop.calls}.
 *
 * <p>Thread-safe. {@link #close} ends the metrics; hops go on.
 */
public final class Hops implements AutoCloseable {
  private final Clock clock;
  private final RandomGenerator random;
  private final LongCounter calls;
  private final ObservableLongGauge states;
  private final Set<Hop> hops = ConcurrentHashMap.newKeySet();

  /**
   * Hops by this clock.
   *
   * @param random spreads repetitions and trials; thread-safe if the hops are used by more than one thread
   * @param meter what {@code Telemetry.meter} gives
   */
  public Hops(InstantSource clock, RandomGenerator random, Meter meter) {
    this.clock = clock.withZone(ZoneOffset.UTC);
    this.random = random;
    this.calls =
        meter.counterBuilder("parley.hop.calls").setDescription("Calls to another service, by what became of them").build();
    this.states =
        meter
            .gaugeBuilder("parley.hop.state")
            .ofLongs()
            .setDescription("The breaker of a hop: 0 closed, 1 half open, 2 open")
            .buildWithCallback(
                gauge -> hops.forEach(
                    hop -> gauge.record(hop.state().ordinal(), Attributes.of(HopMetrics.HOP, hop.name()))));
  }

  /** Hops that show no metrics. */
  public static Hops unmetered(InstantSource clock, RandomGenerator random) {
    return new Hops(clock, random, MeterProvider.noop().get("parley"));
  }

  /**
   * A hop for calls.
   *
   * @param name as in logs and metrics, as {@code router-presence}; one hop of a name at a time
   * @param timer ends calls that take too long, and begins repetitions; stays the caller's to end
   */
  public Hop hop(String name, HopSettings settings, ScheduledExecutorService timer) {
    HopMetrics metrics = new HopMetrics(name, calls);
    Breaker breaker = new Breaker(name, settings.breaker(), clock, random);
    return added(
        new Hop(this, name, metrics, breaker, new Calls(name, settings, timer, breaker, metrics, random)));
  }

  /** A hop that makes no calls and only takes reports, as {@link #hop} otherwise. */
  public Hop reported(String name, BreakerSettings settings) {
    return added(
        new Hop(this, name, new HopMetrics(name, calls), new Breaker(name, settings, clock, random), null));
  }

  private Hop added(Hop hop) {
    hops.add(hop);
    return hop;
  }

  void remove(Hop hop) {
    hops.remove(hop);
  }

  @Override
  public void close() {
    states.close();
  }
}
