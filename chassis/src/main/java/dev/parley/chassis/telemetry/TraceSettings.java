package dev.parley.chassis.telemetry;

import dev.parley.chassis.config.Setting;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** Which traces a program begins, and where they go. */
public record TraceSettings(
    @Setting(doc = "Where spans are sent by OTLP over HTTP, as http://collector:4318/v1/traces; unset: nowhere.")
    @Nullable URI endpoint,
    @Setting(
        value = "0",
        doc = "Of which share of the commands on streams a trace is made, 0 to 1. One that the edge or another router has"
            + " begun is gone on with in any case.")
    double ratio) {
  /** Checks the share. */
  public TraceSettings {
    if (!(ratio >= 0 && ratio <= 1)) {
      throw new IllegalArgumentException("ratio must be 0 to 1, not " + ratio);
    }
  }
}
