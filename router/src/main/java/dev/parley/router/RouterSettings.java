package dev.parley.router;

import dev.parley.chassis.admin.AdminSettings;
import dev.parley.chassis.auth.AuthSettings;
import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.SettingsPrefix;
import dev.parley.chassis.server.NatsSettings;
import dev.parley.chassis.server.ServerSettings;
import dev.parley.chassis.telemetry.TelemetrySettings;
import dev.parley.chassis.telemetry.TraceSettings;
import dev.parley.router.link.LinkSettings;
import dev.parley.router.moderation.ModerationSettings;
import dev.parley.router.presence.PresenceLinkSettings;
import dev.parley.router.session.SessionLimits;
import dev.parley.router.shadow.ShadowSettings;
import dev.parley.router.shard.OwnerLimits;
import java.time.Duration;

/** All settings of a router. */
@SettingsPrefix("parley.router")
public record RouterSettings(
    @Setting(value = "router-1", doc = "This router's name: unique, and shown to clients in Welcome.")
    String name,
    @Setting(doc = "How the gRPC server listens, and what one connection may do.")
    ServerSettings server,
    @Setting(doc = "Who issues tokens.")
    AuthSettings auth,
    @Setting(doc = "The broker.")
    NatsSettings nats,
    @Setting(doc = "How routers reach each other.")
    LinkSettings link,
    @Setting(doc = "How the router takes part in presence.")
    PresenceLinkSettings presence,
    @Setting(doc = "Who is asked before something is said.")
    ModerationSettings moderation,
    @Setting(doc = "How the router leaves.")
    DrainSettings drain,
    @Setting(doc = "What sessions may do at most.")
    SessionLimits session,
    @Setting(doc = "What the owner of a shard holds at most.")
    OwnerLimits owner,
    @Setting(doc = "When the router stops using what does not answer.")
    HopsSettings hops,
    @Setting(doc = "Whether what clients are sent is compared with the log.")
    ShadowSettings shadow,
    @Setting(doc = "Where the router can be asked how it is.")
    AdminSettings admin,
    @Setting(doc = "Where the router's metrics go.")
    TelemetrySettings metrics,
    @Setting(doc = "Where the router's traces go.")
    TraceSettings trace,
    @Setting(value = "10000", doc = "Users that one user may block.")
    int blockedUsers) {

  /** How the router leaves. */
  public record DrainSettings(
      @Setting(value = "3s", doc = "How long the other routers may take to take over the shards of this one.")
    Duration handOver,
    @Setting(value = "2s", doc = "How long the edge gets to see that this router is not ready any more.")
      Duration notice,
      @Setting(value = "5s", doc = "Over how long the clients are asked to go, so that they do not come back as one crowd.")
      Duration spread,
      @Setting(value = "30s", doc = "How long all clients together get to go before they are cut off; no less than spread.")
      Duration patience) {
    /** How long the clients get to go: never less than it takes to ask all of them. */
    Duration goingTakes() {
      return spread.compareTo(patience) > 0 ? spread : patience;
    }
  }
}
