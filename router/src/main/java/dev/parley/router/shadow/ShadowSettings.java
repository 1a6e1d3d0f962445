package dev.parley.router.shadow;

import dev.parley.chassis.config.Setting;
import java.time.Duration;

/** How much of what clients were sent is compared with the log. */
public record ShadowSettings(
    @Setting(value = "1", doc = "Of how many sessions in a hundred, chosen by chance, what was sent is read again from the log and compared; 0: of none.")
    int sessionsPercent,
    @Setting(value = "10s", doc = "How long after a comparison of a session the next one comes.")
    Duration every) {
  /** Checks that they make sense. */
  public ShadowSettings {
    if (sessionsPercent < 0 || sessionsPercent > 100 || every.toMillis() < 1) {
      throw new IllegalArgumentException("sessions-percent must be 0 to 100, and every positive");
    }
  }
}
