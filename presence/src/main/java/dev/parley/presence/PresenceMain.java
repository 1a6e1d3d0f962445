package dev.parley.presence;

import dev.parley.chassis.admin.AdminServer;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsException;
import dev.parley.chassis.config.SettingsReference;
import dev.parley.chassis.resilience.Hops;
import dev.parley.chassis.server.Lifecycle;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.presence.store.RedisPresenceStore;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** The process of presence: reads its settings, starts, and leaves on SIGTERM. */
public final class PresenceMain {
  private static final Duration CLOSING = Duration.ofSeconds(10);

  private PresenceMain() {}

  /** Runs an instance until it is told to stop. Exit code 2: the settings are wrong; 1: it could not start. */
  public static void main(String[] args) {
    if (Settings.asksForHelp(args)) {
      System.out.println(SettingsReference.help(PresenceSettings.class));
      return;
    }
    try {
      run(Settings.load(PresenceSettings.class, args));
    } catch (SettingsException e) {
      exit(2, e.getMessage());
    } catch (IOException e) {
      exit(1, e.getMessage());
    }
  }

  private static void run(PresenceSettings settings) throws IOException {
    Lifecycle lifecycle = new Lifecycle(CLOSING);
    Telemetry telemetry =
        Telemetry.of(
            settings.metrics(), null, settings.admin().listen() != null, "parley-presence", settings.name());
    lifecycle.onStop("metrics", telemetry);
    AdminServer admin = AdminServer.start(settings.admin(), telemetry, SettingsReference.values(settings));
    if (admin != null) {
      lifecycle.onStop("admin endpoint", admin);
    }
    Hops hops = new Hops(InstantSource.system(), new SecureRandom(), telemetry.meter());
    lifecycle.onStop("hops", hops);
    RedisPresenceStore store = new RedisPresenceStore(settings.redis().toString(), settings.redisPassword(), settings.hop(), hops);
    lifecycle.onStop("connections to Redis", store);
    PresenceServer presence = new PresenceServer(settings, store, telemetry);
    lifecycle.onStop("presence", presence);
    if (admin != null) {
      admin.started(presence.alive(), presence.ready());
    }
    lifecycle.await();
  }

  private static void exit(int code, @Nullable String message) {
    System.err.println("parley presence: " + message);
    System.exit(code);
  }
}
