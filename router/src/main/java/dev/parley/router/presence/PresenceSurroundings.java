package dev.parley.router.presence;

import dev.parley.internal.v1.VersionedSettings;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * What a {@link PresenceLink} needs of its surroundings.
 *
 * @param dialer opens wires to the addresses of the settings
 * @param settingsOf what a user lets others see; on any thread
 */
public record PresenceSurroundings(
    PresenceSettings settings,
    PresenceDialer dialer,
    Function<String, CompletableFuture<VersionedSettings>> settingsOf) {
  /** A router without presence: everything reads UNKNOWN. */
  public static PresenceSurroundings none() {
    return new PresenceSurroundings(
        new PresenceSettings(List.of(), Duration.ofSeconds(2), Duration.ofSeconds(5)),
        (address, ear) -> {
          throw new IllegalStateException("there is no address to dial");
        },
        userId -> CompletableFuture.completedFuture(VersionedSettings.getDefaultInstance()));
  }
}
