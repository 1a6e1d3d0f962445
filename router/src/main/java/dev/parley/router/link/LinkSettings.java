package dev.parley.router.link;

import dev.parley.chassis.config.Setting;
import org.jspecify.annotations.Nullable;

/** How routers reach each other. */
public record LinkSettings(
    @Setting(value = "127.0.0.1:8710", doc = "Address and port for other routers, never for clients; port 0: a free one.")
    String listen,
    @Setting(doc = "Where other routers reach this one, as host:port; unset: as it listens.")
    @Nullable String advertise,
    @Setting(doc = "What all routers of a deployment know and nobody else. Without it only loopback is listened on.", secret = true)
    @Nullable String secret,
    @Setting(doc = "Times and bounds of a link.")
    LinkTimes times) {
  /** Without a secret whoever reaches the address could pose as a router. */
  public LinkSettings {
    boolean loopback = listen.startsWith("127.") || listen.startsWith("localhost:") || listen.startsWith("[::1]:");
    if (secret == null && !loopback) {
      throw new IllegalArgumentException("listen on " + listen + " needs a secret: set link.secret on all routers");
    }
  }
}
