package dev.parley.presence.link;

import dev.parley.chassis.telemetry.Instruments;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;

/** Counts what an instance of presence is told. Thread-safe. */
public final class PresenceMetrics {
  private final LongCounter changes;

  /** Metrics of this meter. */
  public PresenceMetrics(Meter meter) {
    changes =
        Instruments.count(
            meter, "chat.presence.changes", "Changes of users and rooms that the store told this instance");
    changes.add(0);
  }

  void changed(int subjects) {
    changes.add(subjects);
  }
}
