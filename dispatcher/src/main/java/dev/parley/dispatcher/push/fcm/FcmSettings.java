package dev.parley.dispatcher.push.fcm;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.resilience.HopSettings;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How Firebase Cloud Messaging is reached. */
public record FcmSettings(
    @Setting(doc = "The service account file (JSON) of the Firebase project. Without it nothing is sent through FCM.")
    @Nullable Path serviceAccount,
    @Setting(value = "https://fcm.googleapis.com", doc = "Where messages are sent to; another one for tests.")
    URI base,
    @Setting(doc = "Certificates (PEM) to trust instead of the platform's: for a server of one's own.")
    @Nullable Path trustedCa,
    @Setting(value = "4", doc = "Connections; each carries many requests.")
    int connections,
    @Setting(
        value = "time-limit=5s, concurrent-calls=1000, retries=0",
        doc = "The calls to FCM. While the breaker is open pushes wait; repetitions are the queue's.")
    HopSettings hop) {
  /** Checks that the address is one. */
  public FcmSettings {
    if (base.getHost() == null || !"https".equals(base.getScheme())) {
      throw new IllegalArgumentException("base must be an address as https://fcm.googleapis.com");
    }
    if (connections < 1) {
      throw new IllegalArgumentException("connections must be at least 1");
    }
  }

  /** Whether there are credentials. */
  public boolean isConfigured() {
    return serviceAccount != null;
  }
}
