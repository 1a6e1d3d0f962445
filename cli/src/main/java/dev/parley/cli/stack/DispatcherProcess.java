package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.conversation.jetstream.JetStreamSettings.Login;
import dev.parley.parts.PartProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A dispatcher in a JVM of its own. */
public final class DispatcherProcess {
  /** The name of the one dispatcher, of its process and its files. */
  public static final String NAME = "dispatcher-1";

  private static final String MAIN = "dev.parley.dispatcher.DispatcherMain";
  private static final List<String> JVM_FLAGS = List.of("-Xmx128m", "-XX:MaxDirectMemorySize=64m");

  private DispatcherProcess() {}

  /**
   * Which dispatcher is to be started.
   *
   * @param name of it, its process and its files
   * @param directory of its pid and log
   * @param port for the edge
   * @param adminPort where it is asked how it is
   * @param natsUrl the broker
   * @param natsLogin how it logs in there
   * @param jwks who issues tokens
   * @param lab where the push lab keeps its keys
   * @param more further arguments of it
   */
  record Setup(
      String name,
      Path directory,
      int port,
      int adminPort,
      String natsUrl,
      Login natsLogin,
      Path jwks,
      Path lab,
      List<String> more) {}

  /** Starts it from our own jars and waits until it has read what was done before. */
  static PartProcess start(Setup setup) {
    return start(setup, Build.ours());
  }

  /** The same from the jars of a build. */
  static PartProcess start(Setup setup, Build build) {
    List<String> arguments = new ArrayList<>(arguments(setup.name(), setup.port(), setup.jwks()));
    arguments.add("--config=" + PushLabProcess.dispatcherSettings(setup.lab()));
    arguments.add("--parley.dispatcher.nats.servers=" + setup.natsUrl());
    arguments.add("--parley.dispatcher.nats.user=" + setup.natsLogin().user());
    arguments.add("--parley.dispatcher.admin.listen=127.0.0.1:" + setup.adminPort());
    arguments.addAll(setup.more());
    return JvmProcess.start(
        new JvmProcess.Launch(
            setup.name(),
            build,
            setup.directory(),
            JVM_FLAGS,
            MAIN,
            arguments,
            Map.of("PARLEY_DISPATCHER_NATS_PASSWORD", setup.natsLogin().password())),
        () -> RouterProcess.isReady(setup.port()));
  }

  /** What a dispatcher on this machine is told, but for the broker and the push services. Webhooks may come here. */
  static List<String> arguments(String name, int port, Path jwks) {
    return List.of(
        "--parley.dispatcher.name=" + name,
        "--parley.dispatcher.server.listen=127.0.0.1:" + port,
        "--parley.dispatcher.auth.jwks=" + jwks,
        "--parley.dispatcher.auth.issuer=" + DevKeys.RULES.issuer(),
        "--parley.dispatcher.auth.audience=" + DevKeys.RULES.audience(),
        "--parley.dispatcher.http.allowed-networks=127.0.0.0/8",
        "--parley.dispatcher.http.plain-http=true");
  }
}
