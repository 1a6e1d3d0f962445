package dev.parley.cli.stack;

import com.nimbusds.jose.util.JSONArrayUtils;
import dev.parley.parts.PartProcess;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What looks at an installation: Prometheus, and a collector of OpenTelemetry, as {@code observability/} has them. */
final class Observers {
  /** The name of Prometheus, of its process, directory and log. */
  static final String PROMETHEUS = "prometheus";

  /** The name of the collector, likewise. */
  static final String COLLECTOR = "otel-collector";

  /** Where the collector takes spans, among the addresses of a stack. */
  static final String SPANS = "collector";

  private static final Duration READY = Duration.ofSeconds(30);
  private static final int PROBE_MILLIS = 1000;
  private static final String TRACES = "traces.jsonl";

  private Observers() {}

  /** Where the collector of this directory writes spans: OTLP in JSON, a batch a line. */
  static Path traces(Path directory) {
    return directory.toAbsolutePath().resolve(TRACES);
  }

  /** Starts a collector and waits until it takes spans, on this port of 127.0.0.1. */
  static PartProcess startCollector(Path program, Path configuration, Path directory, int port) {
    PartProcess process =
        PartProcess.start(
            new PartProcess.Launch(
                COLLECTOR,
                List.of(program.toString(), "--config=" + configuration.toAbsolutePath()),
                directory.toAbsolutePath(),
                directory.toAbsolutePath().resolve(COLLECTOR + ".log"),
                Map.of(
                    "PARLEY_COLLECTOR_LISTEN", "127.0.0.1:" + port,
                    "PARLEY_COLLECTOR_TRACES", traces(directory).toString()),
                true));
    process.awaitReady(() -> listens(port), READY);
    return process;
  }

  /**
   * Starts Prometheus and waits until it answers, on this port of 127.0.0.1. It keeps a week, 512 MiB at most.
   *
   * @param observability the directory with its configuration and rules
   * @param targets where each program has its metrics, by its name, as host:port
   */
  static PartProcess startPrometheus(
      Path program, Path observability, Path directory, int port, Map<String, String> targets) throws IOException {
    configure(observability, directory, targets);
    PartProcess process =
        PartProcess.start(
            new PartProcess.Launch(
                PROMETHEUS,
                List.of(
                    program.toString(),
                    "--config.file=prometheus.yaml",
                    "--web.listen-address=127.0.0.1:" + port,
                    "--storage.tsdb.path=data",
                    "--storage.tsdb.retention.time=7d",
                    "--storage.tsdb.retention.size=512MB",
                    "--enable-feature=exemplar-storage"),
                directory.toAbsolutePath(),
                directory.toAbsolutePath().resolve(PROMETHEUS + ".log"),
                Map.of(),
                true));
    process.awaitReady(() -> answers("http://127.0.0.1:" + port + "/-/ready"), READY);
    return process;
  }

  /** Writes what Prometheus reads. */
  static void configure(Path observability, Path directory, Map<String, String> targets) throws IOException {
    Path rules = Files.createDirectories(directory.resolve("rules"));
    copy(observability.resolve("prometheus.yaml"), directory);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(observability.resolve("rules"), "*.rules.yaml")) {
      for (Path file : files) {
        copy(file, rules);
      }
    }
    List<Map<String, Object>> groups =
        targets.entrySet().stream()
            .map(
                target ->
                    Map.<String, Object>of(
                        "targets", List.of(target.getValue()), "labels", Map.of("instance", target.getKey())))
            .toList();
    Files.writeString(
        Files.createDirectories(directory.resolve("targets")).resolve("parley.json"),
        JSONArrayUtils.toJSONString(groups));
  }

  private static void copy(Path file, Path directory) throws IOException {
    Files.copy(file, directory.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  private static boolean answers(String url) {
    try {
      HttpURLConnection request = (HttpURLConnection) URI.create(url).toURL().openConnection();
      request.setConnectTimeout(PROBE_MILLIS);
      request.setReadTimeout(PROBE_MILLIS);
      return request.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException notYet) {
      return false;
    }
  }
}
