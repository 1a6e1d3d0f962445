package dev.parley.chassis.admin;

import dev.parley.chassis.config.Setting;
import org.jspecify.annotations.Nullable;

/** Where a program can be asked how it is. */
public record AdminSettings(
    @Setting(
        doc = "Address and port for probes and metrics over plain HTTP, as 0.0.0.0:9464; unset: none. Whoever reaches it"
            + " may read the settings, without secrets, and set log levels: keep it inside the deployment.")
    @Nullable String listen) {
  /** Checks the address. */
  public AdminSettings {
    if (listen != null && !listen.matches("\\S+:\\d{1,5}")) {
      throw new IllegalArgumentException("listen must be address:port, as 0.0.0.0:9464, not " + listen);
    }
  }
}
