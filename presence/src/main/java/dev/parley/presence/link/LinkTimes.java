package dev.parley.presence.link;

import dev.parley.chassis.config.Setting;
import java.time.Duration;

/** Times and bounds of links. */
public record LinkTimes(
    @Setting(value = "300ms", doc = "After so long without another word a heartbeat is sent; leases are renewed as often.")
    Duration heartbeat,
    @Setting(value = "3s", doc = "A link that is silent for so long is cut.")
    Duration suspect,
    @Setting(value = "10s", doc = "A router that is not heard of for so long has nobody online any more.")
    Duration lease,
    @Setting(value = "3s", doc = "After a start, or a loss of data, nobody is told offline for so long, unless it is known before.")
    Duration settle,
    @Setting(value = "10m", doc = "How often routers are asked to say everything again, which mends whatever was lost.")
    Duration replayEvery,
    @Setting(value = "1000000", doc = "How many subjects one router may watch.")
    int watches,
    @Setting(value = "65536", doc = "How large a value of one subject may be, in bytes.")
    int valueBytes) {
  /** What a router waits for before it links elsewhere must fit into its lease; keys live for an hour. */
  public LinkTimes {
    if (suspect.compareTo(heartbeat.multipliedBy(2)) < 0) {
      throw new IllegalArgumentException("times.suspect must be at least two times.heartbeat");
    }
    if (lease.compareTo(suspect) <= 0) {
      throw new IllegalArgumentException("times.lease must be longer than times.suspect");
    }
    if (replayEvery.compareTo(Duration.ofMinutes(30)) > 0 || replayEvery.isZero() || replayEvery.isNegative()) {
      throw new IllegalArgumentException("times.replay-every must be at most 30m");
    }
    if (watches < 1 || valueBytes < 1) {
      throw new IllegalArgumentException("times.watches and times.value-bytes must be positive");
    }
  }
}
