package dev.parley.images;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.edge.DevCertificates;
import dev.parley.parts.FreePorts;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import dev.parley.parts.RedisServer;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A whole Parley out of images: each process as a container, on a broker and a Redis of its own, for tests and for the
 * start that fills the cache of loaded classes.
 *
 * <p>Lifecycle: make it, start processes, {@link #close}. Not thread-safe.
 */
public final class ImageStack implements AutoCloseable {
  private static final String SECRET = "of-this-machine-only";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int PROBE_MILLIS = 1000;

  private final Path directory;
  private final Path files;
  private final DevKeys keys;
  private final DevCertificates certificates;
  private final NatsServer nats;
  private final RedisServer redis;
  private final Map<Image, ImageRoot> roots;
  private final Map<Image, Container> containers = new EnumMap<>(Image.class);
  private final Map<Image, Integer> ports = new EnumMap<>(Image.class);
  private final Map<Image, Integer> adminPorts = new EnumMap<>(Image.class);

  /**
   * Starts what the processes need, and none of them yet.
   *
   * @param roots the images, unpacked
   * @param directory for keys, data and logs
   */
  public ImageStack(Map<Image, ImageRoot> roots, Path directory) throws IOException {
    this.roots = roots;
    this.directory = directory;
    this.files = Files.createDirectories(directory.resolve("files"));
    this.keys = DevKeys.in(files);
    this.certificates = DevCertificates.in(files);
    makeReadable();
    for (Image image : Image.values()) {
      ports.put(image, FreePorts.next());
      adminPorts.put(image, FreePorts.next());
    }
    Parts parts = Parts.atHome(line -> {});
    this.nats = NatsServer.start(new NatsServer.Settings(parts.natsServer(), directory.resolve(NatsServer.NAME)));
    this.redis = RedisServer.start(new RedisServer.Settings(parts.valkeyServer(), directory.resolve(RedisServer.NAME)));
  }

  /** The processes are another user than the one that made the files. */
  private void makeReadable() throws IOException {
    try (Stream<Path> all = Files.walk(files)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Files.setPosixFilePermissions(
            each, PosixFilePermissions.fromString(Files.isDirectory(each) ? "rwxr-xr-x" : "rw-r--r--"));
      }
    }
  }

  /** A process that was started. */
  public Container container(Image image) {
    return Objects.requireNonNull(containers.get(image));
  }

  /** Where a process listens. */
  public String address(Image image) {
    return "127.0.0.1:" + ports.get(image);
  }

  /** Who issues tokens. */
  public DevKeys keys() {
    return keys;
  }

  /** What the edge shows. */
  public DevCertificates certificates() {
    return certificates;
  }

  private Path logFile(Image image) {
    return directory.resolve(image.imageName() + ".log");
  }

  /** What a process has said since its last start. */
  public String log(Image image) {
    try {
      return Files.readString(logFile(image));
    } catch (IOException e) {
      return "(cannot be read: " + e.getMessage() + ")";
    }
  }

  /** Starts a process with the environment it needs and waits until it says that it is ready. */
  public Container start(Image image) {
    return start(image, List.of(), null);
  }

  /**
   * As {@link #start(Image)}.
   *
   * @param jvmArguments put before the others of the JVM
   * @param temporary a directory to be seen at /tmp; null: one in memory
   */
  Container start(Image image, List<String> jvmArguments, @Nullable Path temporary) {
    Container container = run(image, jvmArguments, temporary);
    containers.put(image, container);
    Instant end = Instant.now().plus(PATIENCE);
    while (!isReady(image)) {
      if (!container.isAlive() || Instant.now().isAfter(end)) {
        throw new ImageException(image.imageName() + " does not get ready; its log says: " + log(image));
      }
      LockSupport.parkNanos(POLL.toNanos());
    }
    return container;
  }

  /** Starts a process and does not wait. */
  Container run(Image image, List<String> jvmArguments, @Nullable Path temporary) {
    ImageRoot root = Objects.requireNonNull(roots.get(image));
    return Container.start(
        new Container.Launch(
            image.imageName(), root, jvmArguments, List.of(), environment(image), files, temporary, logFile(image)));
  }

  /** Runs the command line with these arguments to its end; returns the exit code. */
  public int command(String... arguments) {
    try (Container container =
        Container.start(
            new Container.Launch(
                Image.CLI.imageName(),
                Objects.requireNonNull(roots.get(Image.CLI)),
                List.of(),
                List.of(arguments),
                Map.of(),
                files,
                null,
                logFile(Image.CLI)))) {
      return container.awaitEnd();
    }
  }

  private Map<String, String> environment(Image image) {
    Map<String, String> all = new TreeMap<>(settings(image));
    if (image.hasAdmin()) {
      all.put(image.setting("ADMIN_LISTEN"), "127.0.0.1:" + adminPorts.get(image));
    }
    return all;
  }

  private Map<String, String> settings(Image image) {
    String address = address(image);
    return switch (image) {
      case PRESENCE ->
          Map.of(
              "PARLEY_PRESENCE_LISTEN", address,
              "PARLEY_PRESENCE_SECRET", SECRET,
              "PARLEY_PRESENCE_REDIS", redis.url());
      case ROUTER ->
          Map.of(
              "PARLEY_ROUTER_SERVER_LISTEN", address,
              "PARLEY_ROUTER_LINK_LISTEN", "127.0.0.1:" + FreePorts.next(),
              "PARLEY_ROUTER_LINK_SECRET", SECRET,
              "PARLEY_ROUTER_NATS_SERVERS", nats.url(),
              "PARLEY_ROUTER_NATS_MONITORING", nats.monitorUrl(),
              "PARLEY_ROUTER_PRESENCE_ADDRESSES", address(Image.PRESENCE),
              "PARLEY_ROUTER_AUTH_JWKS", inContainer(keys.jwks()),
              "PARLEY_ROUTER_DRAIN_NOTICE", "0s",
              "PARLEY_ROUTER_DRAIN_SPREAD", "1s");
      case DISPATCHER ->
          Map.of(
              "PARLEY_DISPATCHER_SERVER_LISTEN", address,
              "PARLEY_DISPATCHER_NATS_SERVERS", nats.url(),
              "PARLEY_DISPATCHER_AUTH_JWKS", inContainer(keys.jwks()));
      case GATEWAY ->
          Map.of(
              "PARLEY_GATEWAY_LISTEN", address,
              "PARLEY_GATEWAY_ROUTERS", address(Image.ROUTER),
              "PARLEY_GATEWAY_DISPATCHERS", address(Image.DISPATCHER),
              "PARLEY_GATEWAY_DRAIN_NOTICE", "0s");
      case EDGE ->
          Map.of(
              "PARLEY_EDGE_LISTEN", address,
              "PARLEY_EDGE_ADMIN_PORT", String.valueOf(adminPorts.get(image)),
              "PARLEY_EDGE_CERTIFICATE", inContainer(certificates.certificate()),
              "PARLEY_EDGE_KEY", inContainer(certificates.key()),
              "PARLEY_EDGE_JWKS", inContainer(keys.jwks()),
              "PARLEY_EDGE_ROUTERS", address(Image.ROUTER),
              "PARLEY_EDGE_GATEWAYS", address(Image.GATEWAY),
              "PARLEY_EDGE_DISPATCHERS", address(Image.DISPATCHER));
      case CLI -> Map.of();
    };
  }

  private static String inContainer(Path file) {
    return Container.FILES + "/" + file.getFileName();
  }

  private boolean isReady(Image image) {
    return answersOk("http://127.0.0.1:" + adminPorts.get(image) + (image == Image.EDGE ? "/ready" : "/readyz"));
  }

  private static boolean answersOk(String url) {
    return holds(() -> {
      HttpURLConnection request = (HttpURLConnection) URI.create(url).toURL().openConnection();
      request.setConnectTimeout(PROBE_MILLIS);
      request.setReadTimeout(PROBE_MILLIS);
      return request.getResponseCode() == HttpURLConnection.HTTP_OK;
    });
  }

  private static boolean holds(Callable<Boolean> condition) {
    try {
      return condition.call();
    } catch (IOException notYet) {
      return false;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    containers.values().forEach(Container::close);
    redis.close();
    nats.close();
  }
}
