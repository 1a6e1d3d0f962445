package dev.parley.router.presence;

import dev.parley.chassis.config.Setting;
import java.time.Duration;
import java.util.List;

/** How a router takes part in presence. */
public record PresenceLinkSettings(
    @Setting(value = "", doc = "Instances of presence, as host:port, separated by commas; none: everything reads UNKNOWN.")
    List<String> addresses,
    @Setting(value = "1s", doc = "An instance that is silent for so long is given up, and everything reads UNKNOWN.")
    Duration silence,
    @Setting(value = "5s", doc = "For so long a device whose stream broke counts as connected: it may be back in a moment.")
    Duration linger,
    @Setting(value = "200ms", doc = "A read is answered after this at the latest: UNKNOWN where nothing has come.")
    Duration readTimeLimit,
    @Setting(value = "1000", doc = "Reads under way; above it they are answered UNKNOWN at once.")
    int concurrentReads) {
  /** Checks the addresses. */
  public PresenceLinkSettings {
    addresses = List.copyOf(addresses);
    for (String address : addresses) {
      if (!address.matches("\\S+:\\d{1,5}")) {
        throw new IllegalArgumentException("addresses must be host:port, separated by commas, not " + address);
      }
    }
  }
}
