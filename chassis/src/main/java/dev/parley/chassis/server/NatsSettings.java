package dev.parley.chassis.server;

import dev.parley.chassis.config.Setting;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The broker. All services of a deployment say the same. */
public record NatsSettings(
    @Setting(value = "nats://127.0.0.1:4222", doc = "The servers, separated by commas.")
    List<String> servers,
    @Setting(doc = "User name; unset: none is sent.")
    @Nullable String user,
    @Setting(doc = "Password of the user.", secret = true)
    @Nullable String password,
    @Setting(doc = "The monitoring endpoint (http), which tells how safe a write is; unset: acks say WRITTEN.")
    @Nullable URI monitoring,
    @Setting(value = "16", doc = "Shards of a new deployment: 16 on one node, 64 for a cluster. Fixed for ever.")
    int shards,
    @Setting(value = "1", doc = "Copies of every stream: 1, 3 or 5.")
    int replicas,
    @Setting(value = "1GiB", doc = "The room of one shard's stream, in bytes. The broker reserves it for all shards.")
    long shardBytes,
    @Setting(value = "2s", doc = "After this an append's outcome counts as unknown, and the owner settles what happened.")
    Duration appendTimeout) {
  /** Without its password. */
  @Override
  public String toString() {
    return "NatsSettings[" + servers + "]";
  }
}
