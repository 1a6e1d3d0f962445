package dev.parley.dispatcher.push.web;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.resilience.HopSettings;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How the push services of browsers are reached. */
public record WebPushSettings(
    @Setting(doc = "The VAPID key, a P-256 private key as JWK. Without it nothing is sent to browsers.")
    @Nullable Path key,
    @Setting(doc = "Whom a push service can write to: mailto:ops@example.org, or an https address. Needed with a key.")
    @Nullable String contact,
    @Setting(
        value = "fcm.googleapis.com,updates.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com",
        doc = "The hosts of push services. Users name the address, so nothing is sent to any other; * allows all.")
    List<String> services,
    @Setting(doc = "Certificates (PEM) to trust instead of the platform's: for a server of one's own.")
    @Nullable Path trustedCa,
    @Setting(value = "2", doc = "Connections to each push service; each carries many requests.")
    int connections,
    @Setting(
        value = "time-limit=5s, concurrent-calls=500, retries=0",
        doc = "The calls to push services. While the breaker is open pushes wait; repetitions are the queue's.")
    HopSettings hop) {
  /** Push services refuse a key without a contact. */
  public WebPushSettings {
    if (key != null && (contact == null || !(contact.startsWith("mailto:") || contact.startsWith("https://")))) {
      throw new IllegalArgumentException("a key needs a contact that starts with mailto: or https://");
    }
    if (connections < 1) {
      throw new IllegalArgumentException("connections must be at least 1");
    }
  }

  /** Whether there are credentials. */
  public boolean isConfigured() {
    return key != null;
  }

  /** Whether pushes may be sent to this host. */
  boolean allows(String host) {
    return services.stream()
        .anyMatch(
            service ->
                service.equals("*")
                    || service.equalsIgnoreCase(host)
                    || (service.startsWith("*.")
                        && host.length() >= service.length()
                        && host.regionMatches(
                            true, host.length() - service.length() + 1, service, 1, service.length() - 1)));
  }
}
