package dev.parley.router;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.SettingsPrefix;
import dev.parley.chassis.server.ServerSettings;
import dev.parley.chassis.telemetry.TelemetrySettings;
import dev.parley.router.link.LinkSettings;
import dev.parley.router.presence.PresenceLinkSettings;
import dev.parley.router.session.SessionLimits;
import dev.parley.router.shard.OwnerLimits;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All settings of a router. */
@SettingsPrefix("parley.router")
public record RouterSettings(
    @Setting(value = "router-1", doc = "This router's name: unique, and shown to clients in Welcome.")
    String name,
    @Setting(doc = "How the gRPC server listens, and what one connection may do.")
    ServerSettings server,
    @Setting(doc = "Who issues tokens.")
    Auth auth,
    @Setting(doc = "The broker.")
    Nats nats,
    @Setting(doc = "How routers reach each other.")
    LinkSettings link,
    @Setting(doc = "How the router takes part in presence.")
    PresenceLinkSettings presence,
    @Setting(doc = "How the router leaves.")
    DrainSettings drain,
    @Setting(doc = "What sessions may do at most.")
    SessionLimits session,
    @Setting(doc = "What the owner of a shard holds at most.")
    OwnerLimits owner,
    @Setting(doc = "When the router stops using what does not answer.")
    HopsSettings hops,
    @Setting(doc = "Where the router's metrics go.")
    TelemetrySettings metrics,
    @Setting(value = "10000", doc = "Users that one user may block.")
    int blockedUsers) {

  /** Who issues tokens. */
  public record Auth(
      @Setting(doc = "The issuer's public keys (JWKS): a file, or an http(s) URL that is read again every 5 minutes.")
      String jwks,
      @Setting(doc = "What the claim iss must be; unset: anything.")
      @Nullable String issuer,
      @Setting(doc = "What the claim aud must hold; unset: anything.")
      @Nullable String audience) {}

  /** The broker. */
  public record Nats(
      @Setting(value = "nats://127.0.0.1:4222", doc = "The servers, separated by commas.")
      List<String> servers,
      @Setting(doc = "User name; unset: none is sent.")
      @Nullable String user,
      @Setting(doc = "Password of the user.")
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
      Duration appendTimeout) {}

  /** How the router leaves. */
  public record DrainSettings(
      @Setting(value = "3s", doc = "How long the other routers may take to take over the shards of this one.")
    Duration handOver,
    @Setting(value = "2s", doc = "How long the edge gets to see that this router is not ready any more.")
      Duration notice,
      @Setting(value = "5s", doc = "Over how long the clients are asked to go, so that they do not come back as one crowd.")
      Duration spread,
      @Setting(value = "30s", doc = "How long all clients together get to go before they are cut off.")
      Duration patience) {}
}
