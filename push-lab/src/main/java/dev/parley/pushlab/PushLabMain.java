package dev.parley.pushlab;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsException;
import dev.parley.chassis.config.SettingsReference;
import dev.parley.chassis.server.Lifecycle;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** The process of the push lab: reads its settings, starts, and leaves on SIGTERM. */
public final class PushLabMain {
  private static final Duration CLOSING = Duration.ofSeconds(10);

  private PushLabMain() {}

  /** Runs until it is told to stop. Exit code 2: the settings are wrong; 1: it could not start. */
  public static void main(String[] args) {
    if (Settings.asksForHelp(args)) {
      System.out.println(SettingsReference.help(PushLabSettings.class));
      return;
    }
    try {
      Lifecycle lifecycle = new Lifecycle(CLOSING);
      lifecycle.onStop(
          "push lab", new PushLabServer(Settings.load(PushLabSettings.class, args), InstantSource.system()));
      lifecycle.await();
    } catch (SettingsException e) {
      exit(2, e.getMessage());
    } catch (IOException e) {
      exit(1, e.getMessage());
    }
  }

  private static void exit(int code, @Nullable String message) {
    System.err.println("parley push lab: " + message);
    System.exit(code);
  }
}
