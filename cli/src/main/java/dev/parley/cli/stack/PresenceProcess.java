package dev.parley.cli.stack;

import dev.parley.chassis.server.LinkSecret;
import dev.parley.internal.v1.GetPresenceStatusRequest;
import dev.parley.internal.v1.GetPresenceStatusResponse;
import dev.parley.internal.v1.PresenceLinkServiceGrpc;
import dev.parley.parts.PartProcess;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** An instance of presence in a JVM of its own. */
public final class PresenceProcess {
  /** The name of the one instance, of its process and its files. */
  public static final String NAME = "presence-1";

  private static final String MAIN = "dev.parley.presence.PresenceMain";
  private static final List<String> JVM_FLAGS = List.of("-Xmx96m", "-XX:MaxDirectMemorySize=64m");
  private static final int PROBE_SECONDS = 1;

  private PresenceProcess() {}

  /**
   * Starts it and waits until it answers and its store works.
   *
   * @param adminPort where it is asked how it is
   * @param more settings beside the usual ones
   */
  static PartProcess start(
      Path directory, int port, int adminPort, String redisUrl, String secret, List<String> more) {
    List<String> arguments = new ArrayList<>();
    arguments.add("--parley.presence.name=" + NAME);
    arguments.add("--parley.presence.listen=127.0.0.1:" + port);
    arguments.add("--parley.presence.admin.listen=127.0.0.1:" + adminPort);
    arguments.addAll(more);
    JvmProcess.Launch launch =
        new JvmProcess.Launch(
            NAME,
            directory,
            JVM_FLAGS,
            MAIN,
            arguments,
            Map.of("PARLEY_PRESENCE_SECRET", secret, "PARLEY_PRESENCE_REDIS", redisUrl));
    return JvmProcess.start(launch, () -> isAvailable("127.0.0.1:" + port, secret));
  }

  private static boolean isAvailable(String address, String secret) {
    try {
      return status(address, secret).getAvailable();
    } catch (StatusRuntimeException notYet) {
      return false;
    }
  }

  /** What an instance says of itself; throws a StatusRuntimeException when it says nothing. */
  public static GetPresenceStatusResponse status(String address, String secret) {
    ManagedChannel channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create()).build();
    try {
      return PresenceLinkServiceGrpc.newBlockingStub(channel)
          .withInterceptors(new LinkSecret(secret).shown())
          .withDeadlineAfter(PROBE_SECONDS, TimeUnit.SECONDS)
          .getPresenceStatus(GetPresenceStatusRequest.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }
}
