package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.conversation.jetstream.JetStreamSettings.Login;
import dev.parley.parts.PartProcess;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A router in a JVM of its own. */
final class RouterProcess {
  private static final String MAIN = "dev.parley.router.RouterMain";
  private static final int PROBE_SECONDS = 1;

  /**
   * A small heap, since sessions are small. The compilers of a router that has just started keep a core busy for a minute: with a lower priority (here: nice 10) they take only what
   * nobody else needs.
   */
  private static final List<String> JVM_FLAGS =
      List.of(
          "-XX:ThreadPriorityPolicy=1",
          "-XX:CompilerThreadPriority=10",
          "-Xmx192m",
          "-Xmn40m",
          "-XX:MaxDirectMemorySize=96m");

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
   * @param natsLogin how it logs in there
   * @param presence instances of it, as host:port separated by commas; empty: none
   * @param jwks who issues tokens
   * @param link where it listens for the other routers, and what all of them share
   * @param adminPort where it is asked how it is
   * @param leaving how it goes when it is told to stop
   * @param more further arguments of it
   */
  record Setup(
      String name,
      Path directory,
      int port,
      String natsUrl,
      String natsMonitorUrl,
      Login natsLogin,
      String presence,
      Path jwks,
      Link link,
      int adminPort,
      Leaving leaving,
      List<String> more) {}

  /** Where a router listens for the others, and the secret that all of them share. */
  record Link(int port, String secret) {
    @Override
    public String toString() {
      return "Link[" + port + "]";
    }
  }

  /** How a router goes when it is told to stop. It waits only while it has clients, and {@code down} takes them away. */
  enum Leaving {
    /** There is no other router to hand over to: say goodbye and go. */
    AT_ONCE("0s", "1s", "3s"),
    /** The edge, which asks once a second, sees it before the clients are asked to go. */
    HAND_OVER("2s", "4s", "10s");

    private final List<String> arguments;

    Leaving(String notice, String spread, String patience) {
      arguments =
          List.of(
              "--parley.router.drain.notice=" + notice,
              "--parley.router.drain.spread=" + spread,
              "--parley.router.drain.patience=" + patience);
    }

    /** For an installation with so many routers. */
    static Leaving of(int routers) {
      return routers == 1 ? AT_ONCE : HAND_OVER;
    }
  }

  /** Starts a router from our own jars and waits until it says that it is ready. */
  static PartProcess start(Setup setup) {
    return start(setup, Build.ours());
  }

  /** The same from the jars of a build. */
  static PartProcess start(Setup setup, Build build) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(
        List.of(
            "--parley.router.name=" + setup.name(),
            "--parley.router.server.listen=127.0.0.1:" + setup.port(),
            "--parley.router.nats.servers=" + setup.natsUrl(),
            "--parley.router.nats.monitoring=" + setup.natsMonitorUrl(),
            "--parley.router.nats.user=" + setup.natsLogin().user(),
            "--parley.router.presence.addresses=" + setup.presence(),
            "--parley.router.auth.jwks=" + setup.jwks(),
            "--parley.router.auth.issuer=" + DevKeys.RULES.issuer(),
            "--parley.router.auth.audience=" + DevKeys.RULES.audience(),
            "--parley.router.link.listen=127.0.0.1:" + setup.link().port(),
            "--parley.router.admin.listen=127.0.0.1:" + setup.adminPort()));
    arguments.addAll(setup.leaving().arguments);
    arguments.addAll(setup.more());
    JvmProcess.Launch launch =
        new JvmProcess.Launch(
            setup.name(),
            build,
            setup.directory(),
            JVM_FLAGS,
            MAIN,
            arguments,
            Map.of(
                "PARLEY_ROUTER_LINK_SECRET",
                setup.link().secret(),
                "PARLEY_ROUTER_NATS_PASSWORD",
                setup.natsLogin().password()));
    return JvmProcess.start(launch, () -> isReady(setup.port()));
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
