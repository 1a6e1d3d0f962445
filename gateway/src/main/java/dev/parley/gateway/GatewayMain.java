package dev.parley.gateway;

import dev.parley.chassis.admin.AdminServer;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsException;
import dev.parley.chassis.config.SettingsReference;
import dev.parley.chassis.server.Lifecycle;
import dev.parley.chassis.telemetry.Telemetry;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The process of a gateway: reads its settings, starts, and leaves on SIGTERM. */
public final class GatewayMain {
  private static final Duration CLOSING = Duration.ofSeconds(10);

  private GatewayMain() {}

  /** Runs a gateway until it is told to stop. Exit code 2: the settings are wrong; 1: it could not start. */
  public static void main(String[] args) {
    if (Settings.asksForHelp(args)) {
      System.out.println(SettingsReference.help(GatewaySettings.class));
      return;
    }
    try {
      run(Settings.load(GatewaySettings.class, args));
    } catch (SettingsException e) {
      exit(2, e.getMessage());
    } catch (IOException e) {
      exit(1, e.getMessage());
    }
  }

  private static void run(GatewaySettings settings) throws IOException {
    Lifecycle lifecycle = new Lifecycle(settings.drain().total().plus(CLOSING));
    Telemetry telemetry =
        Telemetry.of(
            settings.metrics(),
            settings.trace().endpoint(),
            settings.admin().listen() != null,
            "parley-gateway",
            settings.name());
    lifecycle.onStop("metrics and traces", telemetry);
    AdminServer admin = AdminServer.start(settings.admin(), telemetry, SettingsReference.values(settings));
    if (admin != null) {
      lifecycle.onStop("admin endpoint", admin);
    }
    GatewayServer gateway = new GatewayServer(settings, telemetry);
    lifecycle.onStop("gateway", gateway);
    lifecycle.onStop("sockets", gateway::drain);
    if (admin != null) {
      admin.started(gateway.alive(), gateway.ready());
    }
    lifecycle.await();
  }

  private static void exit(int code, @Nullable String message) {
    System.err.println("parley gateway: " + message);
    System.exit(code);
  }
}
