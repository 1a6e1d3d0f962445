package dev.parley.edge;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsException;
import dev.parley.chassis.config.SettingsReference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The edge's process in a container: reads its settings, writes Envoy's configuration into the directory for temporary
 * files, and becomes Envoy. From then on signals reach Envoy, and its end is that of the container.
 */
public final class EdgeMain {
  private EdgeMain() {}

  /** The first argument is the program of Envoy. Exit code 2: the settings are wrong; 1: it could not start. */
  public static void main(String[] args) {
    if (args.length == 0 || Settings.asksForHelp(args)) {
      System.out.println("The first argument is the program of Envoy.\n" + SettingsReference.help(EdgeSettings.class));
      return;
    }
    List<String> settings = Arrays.asList(args).subList(1, args.length);
    try {
      become(Path.of(args[0]), Settings.load(EdgeSettings.class, System.getenv(), settings));
    } catch (SettingsException e) {
      exit(2, e.getMessage());
    } catch (IllegalArgumentException | IOException e) {
      exit(1, e.getMessage());
    }
  }

  private static void become(Path program, EdgeSettings settings) throws IOException {
    Path directory = Path.of(System.getProperty("java.io.tmpdir"));
    ServerCertificate.check(program, settings, directory);
    Path bootstrap = EnvoyBootstrap.write(settings, directory);
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(Envoy.arguments(bootstrap, settings));
    Exec.become(command);
  }

  private static void exit(int code, @Nullable String message) {
    System.err.println("parley edge: " + message);
    System.exit(code);
  }
}
