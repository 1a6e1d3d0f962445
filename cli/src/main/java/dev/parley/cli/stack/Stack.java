package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.config.Settings;
import dev.parley.cli.CommandFailure;
import dev.parley.edge.DevCertificates;
import dev.parley.edge.EdgeSettings;
import dev.parley.edge.Envoy;
import dev.parley.parts.FreePorts;
import dev.parley.parts.NatsServer;
import dev.parley.parts.PartException;
import dev.parley.parts.PartProcess;
import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The parts of one installation on this machine: broker, router and edge, in directories below the data directory.
 *
 * <p>One {@code up} at a time works on a data directory: it holds a lock on {@code up.lock}, which the system takes back
 * however the process ends. Whatever an earlier one left running is ended first, if pid and start time prove that it is
 * the same process.
 */
public final class Stack implements AutoCloseable {
  static final String ROUTER_NAME = "router-1";

  private static final int EDGE_PORT = 8443;
  private static final int ROUTER_PORT = 8700;
  private static final int NATS_PORT = 4222;
  private static final Duration NO_TIME = Duration.ofSeconds(1);

  private final StackSettings settings;
  private final FileChannel lock;
  private final Map<String, PartProcess> processes = new LinkedHashMap<>();
  private @Nullable StackState state;

  private Stack(StackSettings settings, FileChannel lock) {
    this.settings = settings;
    this.lock = lock;
  }

  /**
   * Starts everything and waits until it is healthy. Whatever fails: what was started is stopped again.
   *
   * @param progress is told each step as a line
   * @throws CommandFailure or {@link PartException} with one line that says what to do
   */
  public static Stack start(StackSettings settings, Consumer<String> progress) throws IOException {
    Files.createDirectories(settings.data());
    FileChannel lock = lock(settings.data());
    Optional<StackState> left = StackState.read(settings.data());
    if (left.isPresent() && left.get().detached() && left.get().isRunning()) {
      lock.close();
      throw alreadyRuns(left);
    }
    Stack stack = new Stack(settings, lock);
    try {
      if (stopLeftovers(settings.data())) {
        progress.accept("stopped what an earlier run had left");
      }
      stack.startAll(progress);
      return stack;
    } catch (IOException | RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  /** Ends what is recorded in this directory, in order; returns whether there was anything. */
  public static boolean stopLeftovers(Path data) throws IOException {
    boolean any = PartProcess.stopRecorded(directory(data, RouterProcess.NAME), RouterProcess.NAME);
    any |= PartProcess.stopRecorded(directory(data, Envoy.NAME), Envoy.NAME);
    any |= PartProcess.stopRecorded(directory(data, NatsServer.NAME), NatsServer.NAME);
    StackState.remove(data);
    return any;
  }

  /** What was started. */
  public StackState state() {
    if (state == null) {
      throw new IllegalStateException("not started");
    }
    return state;
  }

  /** Waits until a part ends by itself; the message says which and shows the end of its log. */
  public CompletableFuture<String> partDied() {
    return CompletableFuture.anyOf(
            processes.values().stream()
                .map(process -> process.onExit().thenApply(status -> obituary(process)))
                .toArray(CompletableFuture<?>[]::new))
        .thenApply(Object::toString);
  }

  /** Ends all parts in order: the router first, so that its clients hear of it. */
  @Override
  public void close() throws IOException {
    try (lock) {
      stopLeftovers(settings.data());
    }
  }

  /** Leaves the parts running and gives the directory free for {@code down}. */
  public void detach() throws IOException {
    lock.close();
  }

  private static FileChannel lock(Path data) throws IOException {
    FileChannel channel =
        FileChannel.open(data.resolve("up.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      channel.close();
      throw alreadyRuns(StackState.read(data));
    }
    return channel;
  }

  private static CommandFailure alreadyRuns(Optional<StackState> state) {
    String where = state.map(s -> " at " + s.edge()).orElse(", and is just starting or stopping");
    return new CommandFailure("Parley is up already" + where + ": use it, or stop it with ./parley down");
  }

  private void startAll(Consumer<String> progress) throws IOException {
    Path data = settings.data();
    int edgePort = Ports.choose("--edge-port", settings.edgePort(), EDGE_PORT);
    int routerPort = Ports.choose("--router-port", settings.routerPort(), ROUTER_PORT);
    int natsPort = Ports.choose("--nats-port", settings.natsPort(), NATS_PORT);
    DevKeys keys = DevKeys.in(data.resolve("keys"));
    DevCertificates certificates = DevCertificates.in(data.resolve("tls"));
    Parts parts = Parts.atHome(progress);
    Path natsServer = parts.natsServer();
    Path envoyProgram = parts.envoy();

    progress.accept("starting nats-server");
    NatsServer nats =
        NatsServer.start(
            new NatsServer.Settings(natsServer, directory(data, NatsServer.NAME))
                .withPorts(natsPort, 0)
                .withSyncInterval(settings.sync())
                .withOutlivesUs(true));
    processes.put(NatsServer.NAME, nats.process());
    progress.accept("starting router");
    processes.put(
        RouterProcess.NAME,
        RouterProcess.start(
            directory(data, RouterProcess.NAME), routerPort, nats, keys.jwks(), ROUTER_NAME, List.of()));
    progress.accept("starting envoy");
    EdgeSettings edge = edgeSettings(edgePort, routerPort, keys, certificates);
    Envoy envoy = Envoy.start(envoyProgram, edge, directory(data, Envoy.NAME), true);
    processes.put(Envoy.NAME, envoy.process());

    state = describe(edgePort, routerPort, certificates, nats);
    state.write(data);
  }

  private static EdgeSettings edgeSettings(
      int port, int routerPort, DevKeys keys, DevCertificates certificates) {
    return Settings.load(
        EdgeSettings.class,
        Map.of(),
        List.of(
            "--parley.edge.listen=127.0.0.1:" + port,
            "--parley.edge.admin-port=" + FreePorts.next(),
            "--parley.edge.certificate=" + certificates.certificate(),
            "--parley.edge.key=" + certificates.key(),
            "--parley.edge.jwks=" + keys.jwks(),
            "--parley.edge.issuer=" + DevKeys.RULES.issuer(),
            "--parley.edge.audience=" + DevKeys.RULES.audience(),
            "--parley.edge.routers=127.0.0.1:" + routerPort));
  }

  private StackState describe(int edgePort, int routerPort, DevCertificates certificates, NatsServer nats) {
    Map<String, ProcessRef> refs = new LinkedHashMap<>();
    Map<String, Path> logs = new LinkedHashMap<>();
    processes.forEach(
        (name, process) -> {
          ProcessHandle.of(process.pid()).ifPresent(handle -> refs.put(name, ProcessRef.of(handle)));
          logs.put(name, process.logFile());
        });
    return new StackState(
        "localhost:" + edgePort,
        certificates.authority(),
        "127.0.0.1:" + routerPort,
        nats.url(),
        nats.monitorUrl(),
        settings.detached(),
        ProcessRef.of(ProcessHandle.current()),
        refs,
        logs);
  }

  /** Waiting for a dead process to get ready tells what is known of its end. */
  private static String obituary(PartProcess process) {
    try {
      process.awaitReady(() -> false, NO_TIME);
      return process.logFile() + " may tell why a part ended";
    } catch (PartException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static Path directory(Path data, String name) {
    return data.resolve(name);
  }
}
