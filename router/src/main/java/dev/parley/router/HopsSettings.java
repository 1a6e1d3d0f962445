package dev.parley.router;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.resilience.BreakerSettings;

/** The breakers on a router's ways to the other parts. */
public record HopsSettings(
    @Setting(
        value = "open-for=300ms, probes=2",
        doc = "The broker, judged by all appends of this router. While it is open new sends are refused; nothing that was"
            + " accepted is given up, and no append is repeated.")
    BreakerSettings nats,
    @Setting(
        value = "window=4, minimum-calls=3, probes=1",
        doc = "Each other router, judged by dialing, by links that break, and by those that are silent for half of"
            + " link.times.suspect, at each heartbeat. While it is open that router is not dialed.")
    BreakerSettings link,
    @Setting(
        value = "window=4, minimum-calls=3, probes=1",
        doc = "Presence, judged by dialing, by links that break or are silent, and by reads without an answer in time."
            + " While it is open no instance is dialed, and everything reads UNKNOWN.")
    BreakerSettings presence) {}
