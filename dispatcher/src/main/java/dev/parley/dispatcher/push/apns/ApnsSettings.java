package dev.parley.dispatcher.push.apns;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.resilience.HopSettings;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How Apple's push service is reached. */
public record ApnsSettings(
    @Setting(doc = "The signing key (.p8) of the developer account. Without it nothing is sent through APNs.")
    @Nullable Path key,
    @Setting(doc = "The id of that key, ten characters.")
    @Nullable String keyId,
    @Setting(doc = "The id of the team, ten characters.")
    @Nullable String teamId,
    @Setting(doc = "The topic: the bundle id of the app.")
    @Nullable String topic,
    @Setting(
        value = "api.push.apple.com:443",
        doc = "Where pushes are sent to; api.sandbox.push.apple.com:443 for apps that are being developed.")
    String server,
    @Setting(doc = "Certificates (PEM) to trust instead of the platform's: for a server of one's own.")
    @Nullable Path trustedCa,
    @Setting(value = "2", doc = "Connections; each carries many requests.")
    int connections,
    @Setting(
        value = "time-limit=5s, concurrent-calls=1000, retries=0",
        doc = "The calls to APNs. While the breaker is open pushes wait; repetitions are the queue's.")
    HopSettings hop) {
  /** A key is nothing without its names. */
  public ApnsSettings {
    if (key != null && (keyId == null || teamId == null || topic == null)) {
      throw new IllegalArgumentException("a key needs key-id, team-id and topic");
    }
    int colon = server.lastIndexOf(':');
    if (colon < 1 || !server.substring(colon + 1).matches("[0-9]{1,5}")) {
      throw new IllegalArgumentException("server must be host:port, as api.push.apple.com:443");
    }
    if (connections < 1) {
      throw new IllegalArgumentException("connections must be at least 1");
    }
  }

  /** Whether there are credentials. */
  public boolean isConfigured() {
    return key != null;
  }

  String host() {
    return server.substring(0, server.lastIndexOf(':'));
  }

  int port() {
    return Integer.parseInt(server.substring(server.lastIndexOf(':') + 1));
  }
}
