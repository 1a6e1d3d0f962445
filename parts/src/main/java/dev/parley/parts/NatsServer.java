package dev.parley.parts;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A nats-server with JetStream on the loopback address. Its directory holds the configuration, the data
 * ({@code jetstream/}) and the log ({@code nats-server.log}); data stays between runs.
 *
 * <p>Not thread-safe: one owner starts, breaks and stops it.
 */
public final class NatsServer implements AutoCloseable {
  /** The name of the process: of its pid file and log. */
  public static final String NAME = "nats-server";

  private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);
  private static final int PROBE_TIMEOUT_MS = 500;

  private final Settings settings;
  private PartProcess process;

  private NatsServer(Settings settings, PartProcess process) {
    this.settings = settings;
    this.process = process;
  }

  /**
   * How a server is started.
   *
   * @param program the nats-server binary
   * @param directory holds all it writes; made when missing
   * @param port for clients; 0: a free one, kept over restarts of the same object
   * @param monitorPort for the monitoring endpoint, HTTP; 0: a free one, kept likewise
   * @param syncInterval when data goes to the disk: {@code always}, which makes every acknowledged message safe against
   *     a power cut, or a time such as {@code 1s}
   * @param users who may connect; empty: everybody, without a password
   * @param outlivesUs whether it stays when this JVM ends
   * @param seat its place in a cluster; null: it is alone
   */
  public record Settings(
      Path program,
      Path directory,
      int port,
      int monitorPort,
      String syncInterval,
      List<User> users,
      boolean outlivesUs,
      @Nullable Seat seat) {
    public Settings {
      users = List.copyOf(users);
    }

    /** A server on free ports, alone, that syncs each message, lets everybody in and ends with us. */
    public Settings(Path program, Path directory) {
      this(program, directory, 0, 0, "always", List.of(), false, null);
    }

    /** The same in another directory. */
    public Settings withDirectory(Path directory) {
      return new Settings(program, directory, port, monitorPort, syncInterval, users, outlivesUs, seat);
    }

    /** The same on other ports. */
    public Settings withPorts(int port, int monitorPort) {
      return new Settings(program, directory, port, monitorPort, syncInterval, users, outlivesUs, seat);
    }

    /** The same with another time of syncing. */
    public Settings withSyncInterval(String syncInterval) {
      return new Settings(program, directory, port, monitorPort, syncInterval, users, outlivesUs, seat);
    }

    /** The same for these users only. */
    public Settings withUsers(List<User> users) {
      return new Settings(program, directory, port, monitorPort, syncInterval, users, outlivesUs, seat);
    }

    /** The same, staying when this JVM ends, or not. */
    public Settings withOutlivesUs(boolean outlivesUs) {
      return new Settings(program, directory, port, monitorPort, syncInterval, users, outlivesUs, seat);
    }

    /** The same as one of a cluster. */
    Settings withSeat(Seat seat) {
      return new Settings(program, directory, port, monitorPort, syncInterval, users, outlivesUs, seat);
    }

    private Settings withFreePorts() {
      return withPorts(port == 0 ? FreePorts.next() : port, monitorPort == 0 ? FreePorts.next() : monitorPort);
    }

    private String serverName() {
      return seat == null ? "parley" : seat.serverName();
    }

    private Path configFile() {
      return directory.resolve("nats-server.conf");
    }
  }

  /**
   * Who may connect, and what for.
   *
   * @param name letters and digits
   * @param password letters, digits, {@code -} and {@code _}
   * @param limits what it may do; null: everything
   */
  public record User(String name, String password, @Nullable Limits limits) {
    public User {
      if (!name.matches("[A-Za-z0-9]+") || !password.matches("[A-Za-z0-9_-]+")) {
        throw new IllegalArgumentException("user or password has a character that is not allowed");
      }
    }

    @Override
    public String toString() {
      return "User[" + name + "]";
    }

    private String line() {
      String permissions = limits == null ? "" : ", permissions: " + limits.block();
      return "    { user: \"" + name + "\", password: \"" + password + "\"" + permissions + " }\n";
    }
  }

  /**
   * The subjects that a user may use, with NATS's wildcards.
   *
   * @param publish to these
   * @param subscribe to these
   */
  public record Limits(List<String> publish, List<String> subscribe) {
    public Limits {
      publish = List.copyOf(publish);
      subscribe = List.copyOf(subscribe);
    }

    private String block() {
      return "{ publish: { allow: " + list(publish) + " }, subscribe: { allow: " + list(subscribe) + " } }";
    }

    private static String list(List<String> subjects) {
      return subjects.stream().map(subject -> "\"" + subject + "\"").collect(Collectors.joining(", ", "[", "]"));
    }
  }

  /**
   * A server's place in a cluster.
   *
   * @param serverName letters, digits and {@code -}; no other of the cluster has it
   * @param routePort for the other servers
   * @param routePorts of all servers of the cluster, its own included
   */
  public record Seat(String serverName, int routePort, List<Integer> routePorts) {
    public Seat {
      routePorts = List.copyOf(routePorts);
    }

    private String routes() {
      return routePorts.stream().map(port -> "\"nats://127.0.0.1:" + port + "\"").collect(Collectors.joining(", "));
    }
  }

  /** Starts a server and waits until it is healthy, its streams recovered. */
  public static NatsServer start(Settings settings) {
    NatsServer server = begin(settings);
    server.awaitReady();
    return server;
  }

  /** Starts a server and does not wait: one of a cluster is not healthy before most of the others run too. */
  static NatsServer begin(Settings settings) {
    Settings withPorts = settings.withFreePorts();
    try {
      Files.createDirectories(settings.directory());
      writeConfig(withPorts);
    } catch (IOException e) {
      throw new PartException("cannot write " + withPorts.configFile() + ": " + e.getMessage(), e);
    }
    return new NatsServer(withPorts, launch(withPorts));
  }

  private static PartProcess launch(Settings settings) {
    Path directory = settings.directory().toAbsolutePath();
    return PartProcess.start(new PartProcess.Launch(
        NAME,
        List.of(settings.program().toString(), "--config", settings.configFile().toAbsolutePath().toString()),
        directory,
        directory.resolve(NAME + ".log"),
        Map.of(),
        settings.outlivesUs()));
  }

  private static void writeConfig(Settings settings) throws IOException {
    StringBuilder config = new StringBuilder("# Written at each start by Parley.\n");
    config.append("server_name: ").append(settings.serverName()).append("\n");
    config.append("listen: \"127.0.0.1:").append(settings.port()).append("\"\n");
    config.append("http: \"127.0.0.1:").append(settings.monitorPort()).append("\"\n");
    config.append("jetstream {\n");
    config.append("  store_dir: \"").append(quoted(settings.directory().toAbsolutePath())).append("\"\n");
    config.append("  sync_interval: ").append(settings.syncInterval()).append("\n");
    config.append("}\n");
    Seat seat = settings.seat();
    if (seat != null) {
      config.append("cluster {\n  name: parley\n");
      config.append("  listen: \"127.0.0.1:").append(seat.routePort()).append("\"\n");
      config.append("  routes: [").append(seat.routes()).append("]\n}\n");
    }
    if (!settings.users().isEmpty()) {
      config.append("authorization {\n  users: [\n");
      settings.users().forEach(user -> config.append(user.line()));
      config.append("  ]\n}\n");
    }
    Path file = settings.configFile();
    if (!Files.exists(file)) {
      // It may hold passwords.
      Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(file, config);
  }

  private static String quoted(Path path) {
    return path.toString().replace("\\", "\\\\").replace("\"", "\\\"");
  }

  /** Waits until it is healthy; ends it when it does not become so. */
  void awaitReady() {
    try {
      process.awaitReady(this::healthy, READY_TIMEOUT);
    } catch (PartException e) {
      process.stop();
      throw e;
    }
  }

  private boolean healthy() {
    try {
      HttpURLConnection request =
          (HttpURLConnection) URI.create(monitorUrl() + "/healthz").toURL().openConnection();
      request.setConnectTimeout(PROBE_TIMEOUT_MS);
      request.setReadTimeout(PROBE_TIMEOUT_MS);
      return request.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException notYet) {
      return false;
    }
  }

  /**
   * Starts it again, after {@link #kill} or {@link #stop}, on the same ports and data, and waits until it is healthy. One
   * of a cluster is not before most of the cluster runs: {@link NatsCluster#restart} starts several.
   */
  public void restart() {
    beginAgain();
    awaitReady();
  }

  /** As {@link #restart}, without waiting. */
  void beginAgain() {
    if (process.isAlive()) {
      throw new IllegalStateException("nats-server is still running");
    }
    process = launch(settings);
  }

  /** What the broker calls it, as the leader of a stream for instance. */
  public String name() {
    return settings.serverName();
  }

  /** For clients: {@code nats://127.0.0.1:port}. */
  public String url() {
    return "nats://127.0.0.1:" + settings.port();
  }

  /** The monitoring endpoint: {@code http://127.0.0.1:port}. */
  public String monitorUrl() {
    return "http://127.0.0.1:" + settings.monitorPort();
  }

  /** The process: its id, its log, whether it lives. Another one after each restart. */
  public PartProcess process() {
    return process;
  }

  /** Ends it gently. */
  public void stop() {
    process.stop();
  }

  /** Ends it as a crash would. */
  public void kill() {
    process.kill();
  }

  /** Stops its execution until {@link #resume}. */
  public void pause() {
    process.pause();
  }

  /** Lets it go on. */
  public void resume() {
    process.resume();
  }

  /** As {@link #stop}. */
  @Override
  public void close() {
    stop();
  }
}
