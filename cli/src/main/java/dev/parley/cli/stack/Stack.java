package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.config.Settings;
import dev.parley.cli.CommandFailure;
import dev.parley.conversation.jetstream.BrokerUser;
import dev.parley.edge.DevCertificates;
import dev.parley.edge.Envoy;
import dev.parley.parts.NatsServer;
import dev.parley.parts.PartException;
import dev.parley.parts.PartProcess;
import dev.parley.parts.Parts;
import dev.parley.parts.RedisServer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The parts of one installation on this machine: broker, routers and edge, in directories below the data directory.
 *
 * <p>One {@code up} at a time works on a data directory: it holds a lock on {@code up.lock}, which the system takes
 * back however the process ends. Whatever an earlier one left running is ended first, if pid and start time prove that
 * it is the same process.
 */
public final class Stack implements AutoCloseable {
  private static final int EDGE_PORT = 8443;
  private static final int ROUTER_PORT = 8700;
  private static final int LINK_PORT = 8750;
  private static final int NATS_PORT = 4222;
  private static final int REDIS_PORT = 6379;
  private static final int PRESENCE_PORT = 8720;
  private static final int GATEWAY_PORT = 8740;
  private static final int DISPATCHER_PORT = 8760;
  private static final int ADMIN_PORT = 9464;
  private static final int PROMETHEUS_PORT = 9090;
  private static final int OTLP_PORT = 4318;
  private static final String EDGE = "edge";
  private static final Duration NO_TIME = Duration.ofSeconds(1);

  private final StackSettings settings;
  private final FileChannel lock;
  private final Map<String, PartProcess> processes = new LinkedHashMap<>();
  /** Where each program is asked how it is, as host:port. */
  private final Map<String, String> admin = new LinkedHashMap<>();
  private final Map<String, String> observe = new LinkedHashMap<>();
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
      if (Leftovers.stop(settings.data())) {
        progress.accept("stopped what an earlier run had left");
      }
      stack.startAll(progress);
      return stack;
    } catch (IOException | RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  /** What was started. */
  public StackState state() {
    if (state == null) {
      throw new IllegalStateException("not started");
    }
    return state;
  }

  /**
   * Waits until a part ends by itself without which the others are of no use; the message says which and shows the end
   * of its log. While another router lives, the end of one is only told, to {@code progress}, and so is the end of what
   * messages do not need.
   */
  public CompletableFuture<String> partDied(Consumer<String> progress) {
    CompletableFuture<String> death = new CompletableFuture<>();
    AtomicInteger routers = new AtomicInteger(settings.routers());
    processes.forEach(
        (name, process) -> process.onExit().thenAccept(status -> {
          boolean spared = RouterProcess.isOne(name) ? routers.decrementAndGet() > 0 : StackState.SPARED.contains(name);
          if (spared) {
            progress.accept(
                name + " ended with status " + status + "; the others go on. Its log: " + process.logFile());
          } else {
            death.complete(obituary(process));
          }
        }));
    return death;
  }

  /** Ends all parts in order. */
  @Override
  public void close() throws IOException {
    try (lock) {
      Leftovers.stop(settings.data());
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
    Map<String, Integer> routerPorts = new LinkedHashMap<>();
    for (int i = 0; i < settings.routers(); i++) {
      int asked = settings.routerPort() == 0 ? 0 : settings.routerPort() + i;
      routerPorts.put(RouterProcess.name(i + 1), Ports.choose("--router-port", asked, ROUTER_PORT + i));
    }
    int natsPort = Ports.choose("--nats-port", settings.natsPort(), NATS_PORT);
    DevKeys keys = DevKeys.in(data.resolve("keys"));
    DevCertificates certificates = DevCertificates.in(data.resolve("tls"));
    Parts parts = Parts.atHome(progress);
    Path natsServer = parts.natsServer();
    Path redisProgram = parts.valkeyServer();
    Path envoyProgram = parts.envoy();
    Path prometheus = settings.observe() ? parts.prometheus() : null;
    Path collector = settings.observe() ? parts.otelcol() : null;

    if (collector != null) {
      startCollector(collector, progress);
    }
    progress.accept("starting nats-server");
    NatsServer nats =
        NatsServer.start(
            new NatsServer.Settings(natsServer, directory(data, NatsServer.NAME))
                .withPorts(natsPort, 0)
                .withSyncInterval(settings.sync())
                .withUsers(BrokerLogins.in(data))
                .withOutlivesUs(true));
    processes.put(NatsServer.NAME, nats.process());
    RedisServer redis = startRedis(redisProgram, progress);
    String presence = startPresence(redis, progress);
    Map<String, String> links = startRouters(routerPorts, nats, presence, keys, progress);
    String phones = startPushLab(progress);
    String dispatcher = startDispatcher(nats, keys, progress);
    String gateway = startGateway(routerPorts.values(), dispatcher, edgePort, progress);
    progress.accept("starting envoy");
    EdgeSetup edge =
        new EdgeSetup(
            edgePort, keys, certificates, addresses(routerPorts.values()), List.of(gateway), List.of(dispatcher), edgeArguments());
    Envoy envoy = Envoy.start(envoyProgram, edge.settings(), directory(data, Envoy.NAME), true);
    processes.put(Envoy.NAME, envoy.process());
    if (prometheus != null) {
      startPrometheus(prometheus, progress);
    }

    Map<String, String> routers = new LinkedHashMap<>();
    routerPorts.forEach((name, port) -> routers.put(name, "127.0.0.1:" + port));
    state = describe(edgePort, routers, links, certificates, nats, redis, presence, gateway, dispatcher, phones);
    state.write(data);
  }

  /** Before those that send to it. */
  private void startCollector(Path program, Consumer<String> progress) {
    progress.accept("starting " + Observers.COLLECTOR);
    int port = Ports.choose("", 0, OTLP_PORT);
    Path directory = directory(settings.data(), Observers.COLLECTOR);
    Path configuration = Parts.findHome().resolve("observability/collector.yaml");
    processes.put(Observers.COLLECTOR, Observers.startCollector(program, configuration, directory, port));
    observe.put(Observers.SPANS, "http://127.0.0.1:" + port + "/v1/traces");
    observe.put("traces", Observers.traces(directory).toString());
  }

  /** After those that it asks. */
  private void startPrometheus(Path program, Consumer<String> progress) throws IOException {
    progress.accept("starting " + Observers.PROMETHEUS);
    int port = Ports.choose("", 0, PROMETHEUS_PORT);
    Path directory = directory(settings.data(), Observers.PROMETHEUS);
    Path observability = Parts.findHome().resolve("observability");
    processes.put(
        Observers.PROMETHEUS, Observers.startPrometheus(program, observability, directory, port, admin));
    observe.put("prometheus", "http://127.0.0.1:" + port);
  }

  private RedisServer startRedis(Path program, Consumer<String> progress) {
    progress.accept("starting valkey-server");
    RedisServer redis =
        RedisServer.start(
            new RedisServer.Settings(program, directory(settings.data(), RedisServer.NAME))
                .withPort(Ports.choose("", 0, REDIS_PORT))
                .withOutlivesUs(true));
    processes.put(RedisServer.NAME, redis.process());
    return redis;
  }

  private int adminPort(String name) {
    int port = Ports.choose("", 0, ADMIN_PORT + admin.size());
    admin.put(name, "127.0.0.1:" + port);
    return port;
  }

  /** What the programs tell; once the collector runs, if there is one. */
  private Watched watched() {
    return new Watched(settings.metrics(), observe.get(Observers.SPANS));
  }

  /** Returns where it listens for the routers. */
  private String startPresence(RedisServer redis, Consumer<String> progress) throws IOException {
    progress.accept("starting " + PresenceProcess.NAME);
    int port = Ports.choose("", 0, PRESENCE_PORT);
    Path directory = directory(settings.data(), PresenceProcess.NAME);
    processes.put(
        PresenceProcess.NAME,
        PresenceProcess.start(
            directory,
            port,
            adminPort(PresenceProcess.NAME),
            redis.url(),
            LinkSecret.in(settings.data()),
            watched().presence()));
    return "127.0.0.1:" + port;
  }

  /** Starts them in turn, since the first one makes the streams; returns where they listen for each other. */
  private Map<String, String> startRouters(
      Map<String, Integer> ports, NatsServer nats, String presence, DevKeys keys, Consumer<String> progress) throws IOException {
    Map<String, String> links = new LinkedHashMap<>();
    String secret = LinkSecret.in(settings.data());
    for (Map.Entry<String, Integer> router : ports.entrySet()) {
      String name = router.getKey();
      int link = Ports.choose("", 0, LINK_PORT + links.size());
      links.put(name, "127.0.0.1:" + link);
      progress.accept("starting " + name);
      processes.put(
          name,
          RouterProcess.start(
              new RouterProcess.Setup(
                  name,
                  directory(settings.data(), name),
                  router.getValue(),
                  nats.url(),
                  nats.monitorUrl(),
                  BrokerLogins.of(settings.data(), BrokerUser.ROUTER),
                  presence,
                  keys.jwks(),
                  new RouterProcess.Link(link, secret),
                  adminPort(name),
                  RouterProcess.Leaving.of(settings.routers()),
                  watched().router())));
    }
    return links;
  }

  /** Returns where its page is. */
  private String startPushLab(Consumer<String> progress) {
    progress.accept("starting " + PushLabProcess.NAME);
    PushLabProcess.LabPorts ports = PushLabProcess.LabPorts.choose();
    processes.put(
        PushLabProcess.NAME, PushLabProcess.start(directory(settings.data(), PushLabProcess.NAME), ports));
    return "http://127.0.0.1:" + ports.admin();
  }

  /** Returns where it listens for the edge. */
  private String startDispatcher(NatsServer nats, DevKeys keys, Consumer<String> progress) throws IOException {
    progress.accept("starting " + DispatcherProcess.NAME);
    int port = Ports.choose("", 0, DISPATCHER_PORT);
    processes.put(
        DispatcherProcess.NAME,
        DispatcherProcess.start(
            new DispatcherProcess.Setup(
                DispatcherProcess.NAME,
                directory(settings.data(), DispatcherProcess.NAME),
                port,
                adminPort(DispatcherProcess.NAME),
                nats.url(),
                BrokerLogins.of(settings.data(), BrokerUser.DISPATCHER),
                keys.jwks(),
                directory(settings.data(), PushLabProcess.NAME),
                watched().dispatcher())));
    return "127.0.0.1:" + port;
  }

  /** Returns where it listens for the edge. */
  private String startGateway(
      Collection<Integer> routerPorts, String dispatcher, int edgePort, Consumer<String> progress) {
    progress.accept("starting " + GatewayProcess.NAME);
    int port = Ports.choose("", 0, GATEWAY_PORT);
    processes.put(
        GatewayProcess.NAME,
        GatewayProcess.start(
            directory(settings.data(), GatewayProcess.NAME),
            port,
            adminPort(GatewayProcess.NAME),
            addresses(routerPorts),
            Stream.of(
                    GatewayProcess.ownOrigins(edgePort),
                    List.of("--parley.gateway.dispatchers=" + dispatcher),
                    watched().gateway())
                .flatMap(List::stream)
                .toList()));
    return "127.0.0.1:" + port;
  }

  /** What this installation adds to the edge: traces, and an admin endpoint for Prometheus. */
  private List<String> edgeArguments() {
    List<String> arguments = new ArrayList<>(watched().edge());
    if (settings.observe()) {
      arguments.add("--parley.edge.admin-listen=127.0.0.1:" + adminPort(EDGE));
    }
    return arguments;
  }

  private static List<String> addresses(Collection<Integer> ports) {
    return ports.stream().map(port -> "127.0.0.1:" + port).toList();
  }

  private StackState describe(
      int edgePort,
      Map<String, String> routers,
      Map<String, String> links,
      DevCertificates certificates,
      NatsServer nats,
      RedisServer redis,
      String presence,
      String gateway,
      String dispatcher,
      String phones) {
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
        routers,
        links,
        nats.url(),
        nats.monitorUrl(),
        redis.url(),
        presence,
        gateway,
        dispatcher,
        phones,
        admin,
        observe,
        settings.metrics(),
        settings.sync(),
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
