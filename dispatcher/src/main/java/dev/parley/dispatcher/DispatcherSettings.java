package dev.parley.dispatcher;

import dev.parley.chassis.admin.AdminSettings;
import dev.parley.chassis.auth.AuthSettings;
import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.SettingsPrefix;
import dev.parley.chassis.server.NatsSettings;
import dev.parley.chassis.server.ServerSettings;
import dev.parley.chassis.telemetry.SpanSettings;
import dev.parley.chassis.telemetry.TelemetrySettings;
import dev.parley.dispatcher.http.HttpSettings;
import dev.parley.dispatcher.push.PushSettings;
import dev.parley.dispatcher.shard.DispatchTimes;
import dev.parley.dispatcher.webhook.WebhookSettings;

/** All settings of a dispatcher. */
@SettingsPrefix("parley.dispatcher")
public record DispatcherSettings(
    @Setting(value = "dispatcher-1", doc = "This dispatcher's name: unique.")
    String name,
    @Setting(doc = "How the gRPC server listens, and what one connection may do.")
    ServerSettings server,
    @Setting(doc = "Who issues tokens.")
    AuthSettings auth,
    @Setting(doc = "The broker.")
    NatsSettings nats,
    @Setting(doc = "When people are told.")
    DispatchTimes times,
    @Setting(value = "500", doc = "Pushes under way at once to each push service; the others wait for their turn.")
    int concurrentPushes,
    @Setting(doc = "The push services.")
    PushSettings push,
    @Setting(doc = "Requests to addresses that others name: webhooks, and the push services of browsers.")
    HttpSettings http,
    @Setting(doc = "Webhooks.")
    WebhookSettings webhooks,
    @Setting(doc = "Where the dispatcher can be asked how it is.")
    AdminSettings admin,
    @Setting(doc = "Where metrics go.")
    TelemetrySettings metrics,
    @Setting(doc = "Where traces go.")
    SpanSettings trace) {
  /** Checks that the limit is one. */
  public DispatcherSettings {
    if (concurrentPushes < 1) {
      throw new IllegalArgumentException("concurrent-pushes must be at least 1");
    }
  }
}
