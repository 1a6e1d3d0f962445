package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.parts.NatsServer;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A router in a JVM of its own, from the same jars as ours. */
final class RouterProcess {
  static final String NAME = "router";

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

  /** glibc gives each thread an arena of its own, which never shrinks: two are enough for two busy loops. */
  private static final Map<String, String> ENVIRONMENT = Map.of("MALLOC_ARENA_MAX", "2");

  private RouterProcess() {}

  /** Starts a router and waits until it says that it is ready. {@code more}: further arguments of it. */
  static PartProcess start(Path directory, int port, NatsServer nats, Path jwks, String name, List<String> more) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM_FLAGS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    command.addAll(
        List.of(
            "--parley.router.name=" + name,
            "--parley.router.server.listen=127.0.0.1:" + port,
            "--parley.router.nats.servers=" + nats.url(),
            "--parley.router.nats.monitoring=" + nats.monitorUrl(),
            "--parley.router.auth.jwks=" + jwks,
            "--parley.router.auth.issuer=" + DevKeys.RULES.issuer(),
            "--parley.router.auth.audience=" + DevKeys.RULES.audience(),
            // There is no other router to hand over to: say goodbye and go.
            "--parley.router.drain.notice=0s",
            "--parley.router.drain.spread=1s",
            "--parley.router.drain.patience=3s"));
    command.addAll(more);
    PartProcess process =
        PartProcess.start(
            new PartProcess.Launch(NAME, command, directory, directory.resolve(NAME + ".log"), ENVIRONMENT, true));
    try {
      process.awaitReady(() -> isReady(port), READY_TIMEOUT);
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
