package dev.parley.router.link;

import dev.parley.chassis.config.Setting;
import java.time.Duration;

/** The times and bounds of a link. */
public record LinkTimes(
    @Setting(value = "200ms", doc = "How often a router speaks on a link that has nothing to say.")
    Duration heartbeat,
    @Setting(value = "2s", doc = "After so long without a word the link is taken for broken and opened anew.")
    Duration suspect,
    @Setting(value = "8MiB", doc = "What may wait for a link, in bytes; above it feeds are dropped and commands refused.")
    long waitingBytes) {}
