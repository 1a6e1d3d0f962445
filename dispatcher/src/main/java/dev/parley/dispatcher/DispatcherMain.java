package dev.parley.dispatcher;

import dev.parley.chassis.admin.AdminServer;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsException;
import dev.parley.chassis.config.SettingsReference;
import dev.parley.chassis.server.Lifecycle;
import dev.parley.chassis.server.NatsSettings;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.v1.Durability;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** The process of a dispatcher: reads its settings, starts, and leaves on SIGTERM. */
public final class DispatcherMain {
  private static final Duration CLOSING = Duration.ofSeconds(15);
  private static final Duration REQUESTS = Duration.ofSeconds(2);

  private DispatcherMain() {}

  /** Runs a dispatcher until it is told to stop. Exit code 2: the settings are wrong; 1: it could not start. */
  public static void main(String[] args) {
    if (Settings.asksForHelp(args)) {
      System.out.println(SettingsReference.help(DispatcherSettings.class));
      return;
    }
    try {
      run(Settings.load(DispatcherSettings.class, args));
    } catch (SettingsException e) {
      exit(2, e.getMessage());
    } catch (LogException e) {
      exit(1, "the broker: " + e.getMessage());
    } catch (IOException e) {
      exit(1, e.getMessage());
    }
  }

  private static void run(DispatcherSettings settings) throws IOException {
    Lifecycle lifecycle = new Lifecycle(CLOSING);
    Telemetry telemetry =
        Telemetry.of(
            settings.metrics(),
            settings.trace().endpoint(),
            settings.admin().listen() != null,
            "parley-dispatcher",
            settings.name());
    AdminServer admin = AdminServer.start(settings.admin(), telemetry, SettingsReference.values(settings));
    if (admin != null) {
      lifecycle.onStop("admin endpoint", admin);
    }
    JetStreamBroker broker = JetStreamBroker.join(brokerSettings(settings.nats()));
    lifecycle.onStop("broker connections", broker);
    DispatcherServer dispatcher = new DispatcherServer(settings, broker, InstantSource.system(), telemetry);
    lifecycle.onStop("dispatcher", dispatcher);
    if (admin != null) {
      admin.started(dispatcher.alive(), dispatcher.ready());
    }
    lifecycle.await();
  }

  private static JetStreamSettings brokerSettings(NatsSettings nats) {
    JetStreamSettings.Login login =
        nats.user() == null || nats.password() == null
            ? null
            : new JetStreamSettings.Login(nats.user(), nats.password());
    return new JetStreamSettings(
        nats.servers(),
        login,
        null,
        null,
        nats.monitoring(),
        Durability.DURABILITY_WRITTEN,
        new Layout(nats.shards(), Layout.ONE_NODE.window(), Layout.ONE_NODE.formatVersion()),
        nats.replicas(),
        nats.shardBytes(),
        nats.appendTimeout(),
        REQUESTS);
  }

  private static void exit(int code, @Nullable String message) {
    System.err.println("parley dispatcher: " + message);
    System.exit(code);
  }
}
