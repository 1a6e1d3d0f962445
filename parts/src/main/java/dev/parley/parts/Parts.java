package dev.parley.parts;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Provides the pinned programs by running {@code parts/fetch.py}, which fetches what is missing.
 *
 * <p>Thread-safe; also safe beside other processes that do the same. Every method blocks while it fetches, which may
 * take seconds, and throws a {@link PartException} that says what the user can do.
 */
public final class Parts {
  private static final String PROGRESS_PREFIX = "parts: ";

  private final Path home;
  private final Consumer<String> progress;

  /**
   * Parts of one home.
   *
   * @param home the directory that has {@code parts/fetch.py}; what is fetched goes to {@code .parley/parts} in it
   * @param progress is told each step as a line, on the calling thread
   */
  public Parts(Path home, Consumer<String> progress) {
    this.home = home;
    this.progress = progress;
  }

  /** Parts of {@link #findHome}. */
  public static Parts atHome(Consumer<String> progress) {
    return new Parts(findHome(), progress);
  }

  /** The system property {@code parley.home}, else the nearest directory from here upwards that has the parts. */
  public static Path findHome() {
    String named = System.getProperty("parley.home");
    if (named != null && !named.isEmpty()) {
      return Path.of(named).toAbsolutePath();
    }
    Path here = Path.of("").toAbsolutePath();
    for (Path directory = here; directory != null; directory = directory.getParent()) {
      if (Files.isRegularFile(directory.resolve("parts/fetch.py"))) {
        return directory;
      }
    }
    throw new PartException("found no parts/fetch.py in " + here + " or above: run this inside Parley's directory");
  }

  /** The nats-server program. */
  public Path natsServer() {
    return one(Part.NATS_SERVER);
  }

  /** The envoy program. Start it with {@code --disable-hot-restart}, else it dies with the thread that started it. */
  public Path envoy() {
    return one(Part.ENVOY);
  }

  /** The valkey-server program: a server of the Redis protocol. */
  public Path valkeyServer() {
    return one(Part.VALKEY_SERVER);
  }

  /** The buf program. */
  public Path buf() {
    return one(Part.BUF);
  }

  /** The helm program, version 4. */
  public Path helm() {
    return one(Part.HELM);
  }

  /** The grpcurl program. Where it is missing it is built, which takes minutes. */
  public Path grpcurl() {
    return one(Part.GRPCURL);
  }

  /** The prometheus program, without its pages. Where it is missing it is built, which takes minutes. */
  public Path prometheus() {
    return one(Part.PROMETHEUS);
  }

  /** A collector of OpenTelemetry: OTLP in, files out. Where it is missing it is built, which takes minutes. */
  public Path otelcol() {
    return one(Part.OTELCOL);
  }

  /** A headless Chromium, for tests. Takes Chromium's usual arguments. */
  public Path chromium() {
    return one(Part.CHROMIUM);
  }

  /** A directory for PYTHONPATH with the packages that the Python client needs. */
  public Path pythonPackages() {
    return one(Part.PYTHON_PACKAGES);
  }

  private Path one(Part part) {
    Path path = fetch(List.of(part)).get(part);
    if (path == null) {
      throw new PartException("parts/fetch.py did not say where " + part.fetchName + " is");
    }
    return path;
  }

  /** Provides several parts at once. */
  public Map<Part, Path> fetch(List<Part> parts) {
    List<String> command = new ArrayList<>(List.of("python3", home.resolve("parts/fetch.py").toString()));
    command.addAll(List.of("--home", home.toString()));
    parts.forEach(part -> command.add(part.fetchName));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      return readPaths(process);
    } catch (IOException e) {
      throw new PartException("python3 is missing: install Python 3.10 or newer with pip", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PartException("interrupted while fetching " + parts, e);
    }
  }

  private Map<Part, Path> readPaths(Process process) throws IOException, InterruptedException {
    Map<Part, Path> paths = new EnumMap<>(Part.class);
    String last = "it said nothing";
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Part provided = providedBy(line);
        if (provided != null) {
          paths.put(provided, Path.of(line.substring(line.indexOf('=') + 1)));
        } else if (line.startsWith(PROGRESS_PREFIX)) {
          last = line.substring(PROGRESS_PREFIX.length());
          progress.accept(last);
        } else if (!line.isBlank()) {
          last = line.strip();
        }
      }
    } finally {
      // Does nothing to a process that has ended; a listener that threw leaves none behind.
      process.destroy();
    }
    if (process.waitFor() != 0) {
      throw new PartException(last);
    }
    return paths;
  }

  private static @Nullable Part providedBy(String line) {
    for (Part part : Part.values()) {
      if (line.startsWith(part.fetchName + "=")) {
        return part;
      }
    }
    return null;
  }

  /** What {@code fetch.py} provides. */
  public enum Part {
    /** The broker. */
    NATS_SERVER("nats-server"),
    /** The edge proxy. */
    ENVOY("envoy"),
    /** What presence is kept in. */
    VALKEY_SERVER("valkey-server"),
    /** The tool for the contract. */
    BUF("buf"),
    /** What installs a chart on Kubernetes. */
    HELM("helm"),
    /** A partner's way to call the contract. */
    GRPCURL("grpcurl"),
    /** What fetches and keeps metrics. */
    PROMETHEUS("prometheus"),
    /** What takes spans. */
    OTELCOL("otelcol"),
    /** A browser, for tests. */
    CHROMIUM("chromium"),
    /** Packages of the Python client. */
    PYTHON_PACKAGES("python");

    private final String fetchName;

    Part(String fetchName) {
      this.fetchName = fetchName;
    }
  }
}
