package dev.parley.router.link;

import dev.parley.chassis.resilience.BreakerSettings;
import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.resilience.Hops;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The hops to the other routers, by their names: a router that was started anew is the same other side. Thread-safe. */
public final class PeerHops {
  private final Hops hops;
  private final BreakerSettings settings;
  private final Map<String, Hop> byName = new ConcurrentHashMap<>();

  /** No hops yet. */
  public PeerHops(Hops hops, BreakerSettings settings) {
    this.hops = hops;
    this.settings = settings;
  }

  /** The hop to a router. */
  Hop to(String router) {
    return byName.computeIfAbsent(router, name -> hops.reported("router-link:" + name, settings));
  }

  /** The routers to which there are hops. */
  Iterable<String> routers() {
    return byName.keySet();
  }

  /** Forgets what was known of a router. */
  void forget(String router) {
    Hop hop = byName.remove(router);
    if (hop != null) {
      hop.close();
    }
  }
}
