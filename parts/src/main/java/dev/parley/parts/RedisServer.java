package dev.parley.parts;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A server of the Redis protocol on the loopback address. It keeps nothing on the disk, so each start is an empty one;
 * its directory holds the configuration and the log ({@code valkey-server.log}).
 *
 * <p>Not thread-safe: one owner starts, breaks and stops it.
 */
public final class RedisServer implements AutoCloseable {
  /** The name of the process: of its pid file and log. */
  public static final String NAME = "valkey-server";

  private static final Duration READY_TIMEOUT = Duration.ofSeconds(30);
  private static final int PROBE_TIMEOUT_MS = 500;

  private final Settings settings;
  private PartProcess process;

  private RedisServer(Settings settings, PartProcess process) {
    this.settings = settings;
    this.process = process;
  }

  /**
   * How a server is started.
   *
   * @param program the valkey-server binary
   * @param directory holds all it writes; made when missing
   * @param port for clients; 0: a free one, kept over restarts of the same object
   * @param password what clients must present: letters, digits, {@code -} and {@code _}; null: nothing
   * @param cluster it is the one node of a cluster, with all slots: it refuses what a cluster could not do
   * @param outlivesUs whether it stays when this JVM ends
   */
  public record Settings(
      Path program, Path directory, int port, @Nullable String password, boolean cluster, boolean outlivesUs) {
    /** Checks the password. */
    public Settings {
      if (password != null && !password.matches("[A-Za-z0-9_-]+")) {
        throw new IllegalArgumentException("the password has a character that is not allowed");
      }
    }

    /** A server on a free port that lets everybody in and ends with us. */
    public Settings(Path program, Path directory) {
      this(program, directory, 0, null, false, false);
    }

    /** The same on another port. */
    public Settings withPort(int port) {
      return new Settings(program, directory, port, password, cluster, outlivesUs);
    }

    /** The same behind a password. */
    public Settings withPassword(String password) {
      return new Settings(program, directory, port, password, cluster, outlivesUs);
    }

    /** The same as the one node of a cluster. */
    public Settings withCluster() {
      return new Settings(program, directory, port, password, true, outlivesUs);
    }

    /** The same, staying when this JVM ends, or not. */
    public Settings withOutlivesUs(boolean outlivesUs) {
      return new Settings(program, directory, port, password, cluster, outlivesUs);
    }

    private Path configFile() {
      return directory.resolve(NAME + ".conf");
    }

    @Override
    public String toString() {
      return "Settings[" + directory + ", " + port + "]";
    }
  }

  /** Starts a server and waits until it answers. */
  public static RedisServer start(Settings settings) {
    Settings withPort = settings.port() == 0 ? settings.withPort(FreePorts.next()) : settings;
    try {
      Files.createDirectories(settings.directory());
      writeConfig(withPort);
    } catch (IOException e) {
      throw new PartException("cannot write " + withPort.configFile() + ": " + e.getMessage(), e);
    }
    RedisServer server = new RedisServer(withPort, launch(withPort));
    server.awaitReady();
    return server;
  }

  private static PartProcess launch(Settings settings) {
    Path directory = settings.directory().toAbsolutePath();
    return PartProcess.start(new PartProcess.Launch(
        NAME,
        List.of(settings.program().toString(), settings.configFile().toAbsolutePath().toString()),
        directory,
        directory.resolve(NAME + ".log"),
        Map.of(),
        settings.outlivesUs()));
  }

  private static void writeConfig(Settings settings) throws IOException {
    StringBuilder config = new StringBuilder("# Written at each start by Parley.\n");
    config.append("bind 127.0.0.1\n");
    config.append("port ").append(settings.port()).append("\n");
    config.append("daemonize no\n");
    config.append("save \"\"\n");
    config.append("appendonly no\n");
    if (settings.cluster()) {
      config.append("cluster-enabled yes\n");
    }
    if (settings.password() != null) {
      config.append("requirepass ").append(settings.password()).append("\n");
    }
    Path file = settings.configFile();
    if (!Files.exists(file)) {
      // It may hold a password.
      Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(file, config);
  }

  private void awaitReady() {
    try {
      process.awaitReady(this::answers, READY_TIMEOUT);
    } catch (PartException e) {
      process.stop();
      throw e;
    }
  }

  private boolean answers() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), settings.port()), PROBE_TIMEOUT_MS);
      socket.setSoTimeout(PROBE_TIMEOUT_MS);
      String login = settings.password() == null ? "" : "AUTH " + settings.password() + "\r\n";
      String expected = (login.isEmpty() ? "" : "+OK\r\n") + "+PONG\r\n";
      socket.getOutputStream().write((login + "PING\r\n").getBytes(StandardCharsets.UTF_8));
      byte[] answer = socket.getInputStream().readNBytes(expected.length());
      return new String(answer, StandardCharsets.UTF_8).equals(expected);
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Starts it again, empty, after {@link #kill} or {@link #stop}, on the same port, and waits until it answers. */
  public void restart() {
    if (process.isAlive()) {
      throw new IllegalStateException(NAME + " is still running");
    }
    process = launch(settings);
    awaitReady();
  }

  /** For clients: {@code redis://127.0.0.1:port}, with the password if there is one. */
  public String url() {
    String login = settings.password() == null ? "" : ":" + settings.password() + "@";
    return "redis://" + login + "127.0.0.1:" + settings.port();
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
