package dev.parley.edge;

import dev.parley.parts.PartProcess;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Envoy as the edge, running. Its directory holds what {@link EnvoyBootstrap} writes and the log {@code envoy.log}.
 *
 * <p>Lifecycle: start, then {@link #close}. Thread-safe.
 */
public final class Envoy implements AutoCloseable {
  /** The name of the process: of its pid file and log. */
  public static final String NAME = "envoy";

  private static final Duration READY_TIMEOUT = Duration.ofSeconds(30);
  private static final int PROBE_TIMEOUT_MS = 500;

  private final EdgeSettings settings;
  private final PartProcess process;

  private Envoy(EdgeSettings settings, PartProcess process) {
    this.settings = settings;
    this.process = process;
  }

  /**
   * Starts Envoy and waits until it listens. Routers need not be there yet.
   *
   * @param program the envoy binary
   * @param directory holds all it writes; made when missing
   * @param outlivesUs whether it stays when this JVM ends
   * @throws IOException if a file cannot be written, or the certificate cannot be used; the message says why
   */
  public static Envoy start(Path program, EdgeSettings settings, Path directory, boolean outlivesUs)
      throws IOException {
    Path home = Files.createDirectories(directory.toAbsolutePath());
    ServerCertificate.check(program, settings, home);
    Path bootstrap = EnvoyBootstrap.write(settings, home);
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments(bootstrap, settings));
    PartProcess process =
        PartProcess.start(
            new PartProcess.Launch(NAME, command, home, home.resolve(NAME + ".log"), Map.of(), outlivesUs));
    Envoy envoy = new Envoy(settings, process);
    try {
      process.awaitReady(envoy::isReady, READY_TIMEOUT);
    } catch (RuntimeException e) {
      process.stop();
      throw e;
    }
    return envoy;
  }

  /** What Envoy is started with, besides the program's file. */
  static List<String> arguments(Path bootstrap, EdgeSettings settings) {
    int concurrency = settings.concurrency() > 0 ? settings.concurrency() : Runtime.getRuntime().availableProcessors();
    return List.of(
        "--config-path",
        bootstrap.toString(),
        "--concurrency",
        Integer.toString(concurrency),
        "--log-level",
        "warning",
        // With hot restart Envoy would die with the thread that started it, not with the process.
        "--disable-hot-restart");
  }

  /** Whether it has its configuration and listens. */
  public boolean isReady() {
    try {
      HttpURLConnection request = (HttpURLConnection) URI.create(adminUrl() + "/ready").toURL().openConnection();
      request.setConnectTimeout(PROBE_TIMEOUT_MS);
      request.setReadTimeout(PROBE_TIMEOUT_MS);
      return request.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** The admin interface: {@code http://127.0.0.1:port}. */
  public String adminUrl() {
    return "http://127.0.0.1:" + settings.adminPort();
  }

  /** The process: its id, its log, whether it lives. */
  public PartProcess process() {
    return process;
  }

  /** Ends it, and all connections with it. */
  @Override
  public void close() {
    process.stop();
  }
}
