package dev.parley.router.presence;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.resilience.BreakerSettings;
import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.resilience.Hops;
import dev.parley.internal.v1.VersionedSettings;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * What a {@link PresenceLink} needs of its surroundings.
 *
 * @param dialer opens wires to the addresses of the settings
 * @param settingsOf what a user lets others see; on any thread
 * @param hop judged by links and reads; decides when an instance is dialed
 */
public record PresenceSurroundings(
    PresenceLinkSettings settings,
    PresenceDialer dialer,
    Function<String, CompletableFuture<VersionedSettings>> settingsOf,
    Hop hop) {
  /** A router without presence: everything reads UNKNOWN. {@code hops}: makes the hop that is never used. */
  public static PresenceSurroundings none(Hops hops) {
    return new PresenceSurroundings(
        Settings.defaults(PresenceLinkSettings.class),
        (address, ear) -> {
          throw new IllegalStateException("there is no address to dial");
        },
        userId -> CompletableFuture.completedFuture(VersionedSettings.getDefaultInstance()),
        hops.reported("router-presence", Settings.defaults(BreakerSettings.class)));
  }
}
