package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.parts.PartProcess;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A router in a JVM of its own, from the same jars as ours. */
final class RouterProcess {
  private static final String MAIN = "dev.parley.router.RouterMain";
  private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);
  private static final int PROBE_SECONDS = 1;

  /** SerialGC and a small heap: sessions are small, and the machine also runs the broker and the edge. */
  private static final List<String> JVM_FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-Xmx192m",
          "-Xmn40m",
          "-XX:+UseCompactObjectHeaders",
          "-XX:MaxDirectMemorySize=96m",
          "-XX:+ExitOnOutOfMemoryError",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  /** There is no other router to hand over to: say goodbye and go. */
  private static final List<String> LEAVE_ALONE =
      List.of(
          "--parley.router.drain.notice=0s", "--parley.router.drain.spread=1s", "--parley.router.drain.patience=3s");

  /**
   * The edge, which asks once a second, sees it before the clients are asked to go. All of it stays below what a part
   * gets to stop.
   */
  private static final List<String> HAND_OVER =
      List.of(
          "--parley.router.drain.notice=2s", "--parley.router.drain.spread=1s", "--parley.router.drain.patience=4s");

  private static final Pattern NAME = Pattern.compile("router-\\d+");

  private RouterProcess() {}

  /** What a router is called, also its process and its directory; they count from 1. */
  static String name(int number) {
    return "router-" + number;
  }

  /** Whether something is called as a router is. */
  static boolean isOne(String name) {
    return NAME.matcher(name).matches();
  }

  /**
   * Which router is to be started.
   *
   * @param name its name; that of the process and its files too
   * @param directory of its pid and log
   * @param port for clients
   * @param natsUrl the broker
   * @param natsMonitorUrl its monitoring endpoint
   * @param jwks who issues tokens
   * @param links how it speaks to the other routers
   * @param more further arguments of it
   */
  record Setup(
      String name,
      Path directory,
      int port,
      String natsUrl,
      String natsMonitorUrl,
      Path jwks,
      Links links,
      List<String> more) {}

  /** How a router speaks to the others. */
  sealed interface Links {
    /** There is no other one. */
    record Alone() implements Links {}

    /**
     * Others may come and go.
     *
     * @param port of its link
     * @param secret that all of them share
     */
    record WithOthers(int port, String secret) implements Links {
      @Override
      public String toString() {
        return "WithOthers[" + port + "]";
      }
    }
  }

  /** Starts a router and waits until it says that it is ready. */
  static PartProcess start(Setup setup) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM_FLAGS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    command.addAll(
        List.of(
            "--parley.router.name=" + setup.name(),
            "--parley.router.server.listen=127.0.0.1:" + setup.port(),
            "--parley.router.nats.servers=" + setup.natsUrl(),
            "--parley.router.nats.monitoring=" + setup.natsMonitorUrl(),
            "--parley.router.auth.jwks=" + setup.jwks(),
            "--parley.router.auth.issuer=" + DevKeys.RULES.issuer(),
            "--parley.router.auth.audience=" + DevKeys.RULES.audience()));
    // glibc gives each thread an arena of its own, which never shrinks: two are enough for two busy loops.
    Map<String, String> environment = new HashMap<>(Map.of("MALLOC_ARENA_MAX", "2"));
    switch (setup.links()) {
      case Links.Alone alone -> command.addAll(LEAVE_ALONE);
      case Links.WithOthers others -> {
        command.addAll(HAND_OVER);
        command.add("--parley.router.link.listen=127.0.0.1:" + others.port());
        // Everybody on the machine may read a command line.
        environment.put("PARLEY_ROUTER_LINK_SECRET", others.secret());
      }
    }
    command.addAll(setup.more());
    PartProcess process =
        PartProcess.start(
            new PartProcess.Launch(
                setup.name(),
                command,
                setup.directory(),
                setup.directory().resolve(setup.name() + ".log"),
                environment,
                true));
    try {
      process.awaitReady(() -> isReady(setup.port()), READY_TIMEOUT);
    } catch (RuntimeException e) {
      process.stop();
      throw e;
    }
    return process;
  }

  /** Whether the router on this port says that it is ready. */
  static boolean isReady(int port) {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress("127.0.0.1", port, InsecureChannelCredentials.create()).build();
    try {
      return HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(PROBE_SECONDS, TimeUnit.SECONDS)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus()
          == ServingStatus.SERVING;
    } catch (StatusRuntimeException notYet) {
      return false;
    } finally {
      channel.shutdownNow();
    }
  }
}
