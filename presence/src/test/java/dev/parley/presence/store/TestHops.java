package dev.parley.presence.store;

import dev.parley.chassis.resilience.BreakerSettings;
import dev.parley.chassis.resilience.HopSettings;
import dev.parley.chassis.resilience.Hops;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;

/** A hop as that of an instance is by default. */
public final class TestHops {
  /** As by default. */
  public static final HopSettings SETTINGS =
      new HopSettings(
          new BreakerSettings(60, 4, 2, Duration.ofMillis(200), 1), Duration.ofMillis(500), 4_096, 2,
          Duration.ofMillis(20), 10);

  /** Makes it. */
  public static final Hops HOPS = Hops.unmetered(InstantSource.system(), new SecureRandom());

  private TestHops() {}
}
