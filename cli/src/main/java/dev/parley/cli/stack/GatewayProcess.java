package dev.parley.cli.stack;

import dev.parley.parts.PartProcess;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** A gateway in a JVM of its own. */
public final class GatewayProcess {
  /** The name of the one gateway, of its process and its files. */
  public static final String NAME = "gateway-1";

  private static final String MAIN = "dev.parley.gateway.GatewayMain";
  private static final List<String> JVM_FLAGS =
      List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m", "-XX:TieredStopAtLevel=1");
  private static final int PROBE_MILLIS = 1000;

  private GatewayProcess() {}

  /**
   * Starts it and waits until it has found a router.
   *
   * @param adminPort where it is asked how it is
   * @param routers as host:port
   * @param more settings beside the usual ones
   */
  static PartProcess start(
      Path directory, int port, int adminPort, Collection<String> routers, List<String> more) {
    List<String> arguments = new ArrayList<>();
    arguments.add("--parley.gateway.name=" + NAME);
    arguments.add("--parley.gateway.listen=127.0.0.1:" + port);
    arguments.add("--parley.gateway.admin.listen=127.0.0.1:" + adminPort);
    arguments.add("--parley.gateway.routers=" + String.join(",", routers));
    // The edge looks once a second.
    arguments.add("--parley.gateway.drain.notice=0s");
    arguments.add("--parley.gateway.drain.spread=1s");
    arguments.addAll(more);
    return JvmProcess.start(
        new JvmProcess.Launch(NAME, directory, JVM_FLAGS, MAIN, arguments, Map.of()),
        () -> isReady("127.0.0.1:" + port));
  }

  /** Only pages of this edge may use it. */
  static List<String> ownOrigins(int edgePort) {
    return List.of("--parley.gateway.allowed-origins=https://localhost:%1$d,https://127.0.0.1:%1$d".formatted(edgePort));
  }

  /** Whether the gateway at this address says that it is ready. */
  public static boolean isReady(String address) {
    try {
      HttpURLConnection request = (HttpURLConnection) URI.create("http://" + address + "/readyz").toURL().openConnection();
      request.setConnectTimeout(PROBE_MILLIS);
      request.setReadTimeout(PROBE_MILLIS);
      return request.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException notYet) {
      return false;
    }
  }
}
