package dev.parley.presence;

import dev.parley.chassis.admin.AdminSettings;
import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.SettingsPrefix;
import dev.parley.chassis.resilience.HopSettings;
import dev.parley.chassis.telemetry.TelemetrySettings;
import dev.parley.presence.link.LinkTimes;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** All settings of one instance of presence. */
@SettingsPrefix("parley.presence")
public record PresenceSettings(
    @Setting(value = "presence-1", doc = "The name of this instance, told to routers and shown by the doctor.")
    String name,
    @Setting(value = "127.0.0.1:8720", doc = "Address and port for routers, never for clients; port 0: a free one.")
    String listen,
    @Setting(doc = "What all services of a deployment know and nobody else. Without it only loopback is listened on.", secret = true)
    @Nullable String secret,
    @Setting(value = "redis://127.0.0.1:6379", doc = "The Redis that all instances share: redis://host:port.")
    URI redis,
    @Setting(doc = "Its password, of any characters; unset: none is sent, or the one that its address has.", secret = true)
    @Nullable String redisPassword,
    @Setting(doc = "Times and bounds of links.")
    LinkTimes times,
    @Setting(
        value =
            "breaker.failure-percent=60, breaker.window=4, breaker.minimum-calls=2, breaker.open-for=200ms,"
                + " breaker.probes=1, time-limit=500ms, concurrent-calls=4096",
        doc = "The calls to Redis. While the breaker is open all routers read UNKNOWN.")
    HopSettings hop,
    @Setting(doc = "Where this instance can be asked how it is.")
    AdminSettings admin,
    @Setting(doc = "Where metrics go.")
    TelemetrySettings metrics) {
  /** Without a secret whoever reaches the address could pose as a router. */
  public PresenceSettings {
    boolean loopback = listen.startsWith("127.") || listen.startsWith("localhost:") || listen.startsWith("[::1]:");
    if (secret == null && !loopback) {
      throw new IllegalArgumentException("listen on " + listen + " needs a secret: set it on all services");
    }
    if (!"redis".equals(redis.getScheme()) || redis.getHost() == null) {
      throw new IllegalArgumentException("redis must be an address as redis://127.0.0.1:6379");
    }
  }

  /** Without its secrets. */
  @Override
  public String toString() {
    return "PresenceSettings[" + name + ", " + listen + "]";
  }
}
