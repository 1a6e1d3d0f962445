package dev.parley.router.admin;

import dev.parley.conversation.Timestamps;
import dev.parley.internal.v1.GetStatusResponse;
import dev.parley.internal.v1.ShardStatus;
import dev.parley.v1.Durability;
import dev.parley.v1.RouterStats;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * What this router is doing. Thread-safe.
 *
 * @param started when it was ready to be asked
 * @param version of the program
 * @param status what it knows of its shards
 * @param leaving whether it has begun to leave
 * @param sessions how many are open
 */
public record OwnStats(
    String name,
    Instant started,
    String version,
    Supplier<CompletableFuture<GetStatusResponse>> status,
    BooleanSupplier leaving,
    IntSupplier sessions,
    Supplier<Durability> durability,
    InstantSource clock)
    implements Supplier<CompletableFuture<RouterStats>> {
  @Override
  public CompletableFuture<RouterStats> get() {
    return status
        .get()
        .thenApply(
            known -> {
              RouterStats.Builder stats =
                  RouterStats.newBuilder()
                      .setRouter(name)
                      .setStartTime(Timestamps.of(started))
                      .setVersion(version)
                      .setDraining(leaving.getAsBoolean())
                      .setSessions(sessions.getAsInt())
                      .setDurability(durability.get())
                      .setTime(Timestamps.of(clock.instant()));
              known.getShardsList().stream()
                  .filter(shard -> shard.hasOwned() && shard.getOwned().getActive())
                  .map(ShardStatus::getShard)
                  .forEach(stats::addOwnedShards);
              return stats.build();
            });
  }
}
