package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.config.Settings;
import dev.parley.conversation.jetstream.BrokerUser;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.jetstream.JetStreamSettings.Login;
import dev.parley.edge.DevCertificates;
import dev.parley.edge.Envoy;
import dev.parley.parts.FreePorts;
import dev.parley.parts.NatsServer;
import dev.parley.parts.PartProcess;
import dev.parley.parts.Parts;
import dev.parley.parts.RedisServer;
import dev.parley.router.Recorder;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.TokenSource;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The real stack, each part a process that a test may kill and start again: nats-server, routers, Envoy. */
final class LiveStack implements AutoCloseable {
  /** So often a new stream is opened until the edge has chosen the router that is asked for. */
  private static final int CHOICES = 100;

  /** A JWT: the beginnings of two JSON objects in base64. */
  private static final Pattern TOKEN = Pattern.compile("eyJ[\\w-]+\\.eyJ[\\w-]+");

  private final Path data;
  private final List<String> routerArguments;
  /** Null: there is no gateway. */
  private final @Nullable List<String> gatewayArguments;
  private final DevKeys keys;
  private final DevCertificates certificates;
  private final int edgePort = FreePorts.next();
  private final NatsServer nats;
  private final @Nullable RedisServer redis;
  private final int presencePort = FreePorts.next();
  private @Nullable PartProcess presence;
  private final int presenceAdminPort = FreePorts.next();
  private final int gatewayPort = FreePorts.next();
  private final int gatewayAdminPort = FreePorts.next();
  private final Map<Integer, Integer> dispatcherAdminPorts = new TreeMap<>();
  private @Nullable PartProcess gateway;
  private final List<Integer> dispatcherPorts;
  private final Map<Integer, PartProcess> dispatchers = new TreeMap<>();
  private final Envoy envoy;
  private final List<AutoCloseable> opened = Collections.synchronizedList(new ArrayList<>());
  private final List<Router> routers = new ArrayList<>();

  /** A router's place: its ports stay when the process is another one. */
  private static final class Router {
    final String name;
    final int port = FreePorts.next();
    final int linkPort = FreePorts.next();
    final int adminPort = FreePorts.next();
    @Nullable PartProcess process;

    Router(String name) {
      this.name = name;
    }
  }

  /** With one router, which takes these arguments besides its usual ones, now and whenever it is started anew. */
  LiveStack(Path data, String... routerArguments) throws IOException {
    this(data, 1, 0, List.of(routerArguments));
  }

  /**
   * With several routers.
   *
   * @param spares the edge knows so many more, which are not started yet
   */
  LiveStack(Path data, int running, int spares) throws IOException {
    this(data, running, spares, List.of());
  }

  /** With several routers, which take these arguments besides their usual ones. */
  LiveStack(Path data, int running, int spares, List<String> routerArguments) throws IOException {
    this(data, running, spares, routerArguments, List.of(), false, null, 0);
  }

  /** With so many routers, and presence. */
  static LiveStack withPresence(Path data, int routers, String... routerArguments) throws IOException {
    return new LiveStack(data, routers, 0, List.of(routerArguments), List.of(), true, null, 0);
  }

  /** With so many routers, and a gateway. */
  static LiveStack withGateway(Path data, int routers, String... routerArguments) throws IOException {
    return new LiveStack(data, routers, 0, List.of(routerArguments), List.of(), false, List.of(), 0);
  }

  /** With so many routers, presence and a gateway: all that the page needs. */
  static LiveStack withPage(Path data, int routers) throws IOException {
    return new LiveStack(data, routers, 0, List.of(), List.of(), true, List.of(), 0);
  }

  /** With one router, and an edge that knows so many dispatchers, which are not started yet. */
  static LiveStack withDispatchers(Path data, int dispatchers, String... routerArguments) throws IOException {
    return new LiveStack(data, 1, 0, List.of(routerArguments), List.of(), false, null, dispatchers);
  }

  /** With two routers, a gateway, and a dispatcher that is not started yet; every message is traced to this collector. */
  static LiveStack withTraces(Path data, String collector) throws IOException {
    return new LiveStack(
        data,
        2,
        0,
        List.of("--parley.router.trace.endpoint=" + collector, "--parley.router.trace.ratio=1"),
        List.of("--parley.edge.trace.endpoint=" + collector, "--parley.edge.trace.ratio=1"),
        false,
        List.of("--parley.gateway.trace.endpoint=" + collector),
        1);
  }

  /** With a broker, and an edge that knows so many routers and dispatchers, which are not started yet. */
  static LiveStack withPlacesFor(Path data, int routers, int dispatchers) throws IOException {
    return new LiveStack(data, 0, routers, List.of(), List.of(), false, null, dispatchers);
  }

  /** With so many routers, which take these arguments, and as many dispatchers, which are not started yet. */
  static LiveStack withRoutersAndDispatchers(Path data, int routers, int dispatchers, String... routerArguments)
      throws IOException {
    return new LiveStack(data, routers, 0, List.of(routerArguments), List.of(), false, null, dispatchers);
  }

  private LiveStack(
      Path data,
      int running,
      int spares,
      List<String> routerArguments,
      List<String> edgeArguments,
      boolean withPresence,
      @Nullable List<String> gatewayArguments,
      int dispatchers)
      throws IOException {
    this.data = data;
    this.routerArguments = routerArguments;
    this.keys = DevKeys.in(data.resolve("keys"));
    this.certificates = DevCertificates.in(data.resolve("tls"));
    for (int number = 1; number <= running + spares; number++) {
      routers.add(new Router(RouterProcess.name(number)));
    }
    this.dispatcherPorts = Stream.generate(FreePorts::next).limit(dispatchers).toList();
    Parts parts = Parts.atHome(System.err::println);
    this.nats =
        NatsServer.start(
            new NatsServer.Settings(parts.natsServer(), directory("nats-server")).withUsers(BrokerLogins.in(data)));
    this.redis = withPresence
        ? RedisServer.start(new RedisServer.Settings(parts.valkeyServer(), directory(RedisServer.NAME)))
        : null;
    if (withPresence) {
      startPresence();
    }
    for (int number = 1; number <= running; number++) {
      startRouter(number);
    }
    this.gatewayArguments = gatewayArguments;
    if (gatewayArguments != null) {
      startGateway();
    }
    EdgeSetup edge =
        new EdgeSetup(
            edgePort,
            keys,
            certificates,
            routerAddresses(),
            gateway == null ? List.of() : List.of("127.0.0.1:" + gatewayPort),
            dispatcherPorts.stream().map(port -> "127.0.0.1:" + port).toList(),
            edgeArguments);
    this.envoy = Envoy.start(parts.envoy(), edge.settings(), directory("envoy"), false);
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(data.resolve(name));
  }

  /** Starts presence, which does not run, and waits until it is ready. */
  void startPresence() throws IOException {
    presence =
        PresenceProcess.start(
            directory(PresenceProcess.NAME),
            presencePort,
            presenceAdminPort,
            redis().url(),
            LinkSecret.in(data),
            List.of());
  }

  /** Starts the gateway, which does not run, and waits until it is ready. */
  void startGateway() throws IOException {
    gateway =
        GatewayProcess.start(
            directory(GatewayProcess.NAME),
            gatewayPort,
            gatewayAdminPort,
            routerAddresses(),
            Stream.of(GatewayProcess.ownOrigins(edgePort), Objects.requireNonNull(gatewayArguments, "a stack without a gateway"))
                .flatMap(List::stream)
                .toList());
  }

  PartProcess gateway() {
    return Objects.requireNonNull(gateway, "a stack without a gateway");
  }

  /** Each router's own address, as host:port. */
  List<String> routerAddresses() {
    return routers.stream().map(each -> "127.0.0.1:" + each.port).toList();
  }

  /** Where a browser finds the edge: {@code https://localhost:port}. */
  String edgeUrl() {
    return "https://localhost:" + edgePort;
  }

  /** The authority that signed the edge's certificate. */
  Path authority() {
    return certificates.authority();
  }

  /** A token that ended a minute ago. */
  String endedToken(String user) {
    return token(user, Duration.ofMinutes(-1));
  }

  /** Starts a dispatcher that sends to the push lab with this directory; they count from 1. */
  void startDispatcher(int number, Path lab, String... arguments) throws IOException {
    startDispatcher(number, Build.ours(), lab, arguments);
  }

  /** The same from the jars of a build. */
  void startDispatcher(int number, Build build, Path lab, String... arguments) throws IOException {
    String name = "dispatcher-" + number;
    dispatchers.put(
        number,
        DispatcherProcess.start(
            new DispatcherProcess.Setup(
                name,
                directory(name),
                dispatcherPorts.get(number - 1),
                dispatcherAdminPort(number),
                nats.url(),
                BrokerLogins.of(data, BrokerUser.DISPATCHER),
                keys.jwks(),
                lab,
                List.of(arguments)),
            build));
  }

  /** Where a dispatcher is asked how it is. */
  int dispatcherAdminPort(int number) {
    return dispatcherAdminPorts.computeIfAbsent(number, unused -> FreePorts.next());
  }

  /** Where a router is asked how it is. */
  int routerAdminPort(int number) {
    return routers.get(number - 1).adminPort;
  }

  PartProcess dispatcher(int number) {
    return Objects.requireNonNull(dispatchers.get(number), "a dispatcher that runs");
  }

  /** Kills a dispatcher as a crash would. */
  void killDispatcher(int number) {
    dispatcher(number).kill();
    dispatchers.remove(number);
  }

  /** A token for the calls of operators. */
  String operatorToken() {
    return keys.signer().signOperator("operator", Instant.now().plus(Duration.ofHours(1)));
  }

  RedisServer redis() {
    return Objects.requireNonNull(redis, "a stack without presence");
  }

  PartProcess presence() {
    return Objects.requireNonNull(presence);
  }

  NatsServer nats() {
    return nats;
  }

  /** The broker for whoever may do everything there. */
  JetStreamSettings operatorOfBroker() throws IOException {
    Login operator = BrokerLogins.operator(data);
    return new JetStreamSettings(nats.url()).withLogin(operator.user(), operator.password());
  }

  /** The process of a router; routers count from 1. */
  PartProcess router(int number) {
    return Objects.requireNonNull(routers.get(number - 1).process);
  }

  /** Starts a router that does not run, and waits until it is ready. */
  void startRouter(int number) throws IOException {
    startRouter(number, Build.ours());
  }

  /** The same from the jars of a build. */
  void startRouter(int number, Build build) throws IOException {
    Router router = routers.get(number - 1);
    router.process =
        RouterProcess.start(
            new RouterProcess.Setup(
                router.name,
                directory(router.name),
                router.port,
                nats.url(),
                nats.monitorUrl(),
                BrokerLogins.of(data, BrokerUser.ROUTER),
                redis == null ? "" : "127.0.0.1:" + presencePort,
                keys.jwks(),
                new RouterProcess.Link(router.linkPort, LinkSecret.in(data)),
                router.adminPort,
                RouterProcess.Leaving.of(routers.size()),
                routerArguments),
            build);
  }

  /** Kills a router as a crash would. */
  void killRouter(int number) {
    router(number).kill();
    routers.get(number - 1).process = null;
  }

  /** Asks a router to leave, and waits until it has. */
  void stopRouter(int number) {
    router(number).stop();
    routers.get(number - 1).process = null;
  }

  /** Kills the first router as a crash would, and starts it again on its port. */
  void crashRouter() throws IOException {
    killRouter(1);
    startRouter(1);
  }

  /** Asks the first router to leave, and starts it again on its port. */
  void replaceRouter() throws IOException {
    stopRouter(1);
    startRouter(1);
  }

  /** Kills the broker as a crash would, and starts it again on its port and data. */
  void crashBroker() {
    nats.kill();
    nats.restart();
  }

  String token(String user, Duration validFor) {
    return keys.signer().sign(user, user, Instant.now().plus(validFor));
  }

  ParleyEndpoint edge() throws IOException {
    ParleyEndpoint endpoint = ParleyEndpoint.tls("localhost:" + edgePort, certificates.authority());
    opened.add(endpoint);
    return endpoint;
  }

  /** Awaits the end of a router that was told to leave; its exit code. */
  int awaitEnd(int number) {
    int code = router(number).onExit().orTimeout(60, TimeUnit.SECONDS).join();
    routers.get(number - 1).process = null;
    return code;
  }

  /** A connection as the user at a router, past the edge. */
  ParleyClient clientTo(int number, TokenSource tokens) {
    ParleyClient client = ParleyClient.plaintext("127.0.0.1:" + routers.get(number - 1).port, tokens);
    opened.add(client);
    return client;
  }

  /** A connection to the edge for frames that no well-behaved client would send. */
  ManagedChannel channel() throws IOException {
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                "localhost:" + edgePort,
                TlsChannelCredentials.newBuilder().trustManager(certificates.authority().toFile()).build())
            .build();
    opened.add(channel::shutdownNow);
    return channel;
  }

  ParleyClient client(String user) {
    return client(TokenSource.fixed(token(user, Duration.ofHours(1))));
  }

  ParleyClient client(TokenSource tokens) {
    ParleyClient client = ParleyClient.tls("localhost:" + edgePort, certificates.authority(), tokens);
    opened.add(client);
    return client;
  }

  /** A session of the user through the edge, on a connection of its own, caught up. */
  Device connect(String user, String device) {
    return connect(user, SessionOptions.forDevice(device));
  }

  Device connect(String user, SessionOptions options) {
    return connect(client(user), options);
  }

  private static Device connect(ParleyClient client, SessionOptions options) {
    Recorder recorder = new Recorder();
    ParleySession session =
        client.connect(options.withBackoff(Duration.ofMillis(20), Duration.ofMillis(500)), recorder);
    recorder.awaitCaughtUp();
    return new Device(session, recorder);
  }

  /** A session of the user at a router, past the edge. */
  Device connectTo(int number, String user, SessionOptions options) {
    return connectTo(number, TokenSource.fixed(token(user, Duration.ofHours(1))), options);
  }

  Device connectTo(int number, TokenSource tokens, SessionOptions options) {
    return connect(clientTo(number, tokens), options);
  }

  /** A session of the user through the edge at a router: tries until the edge has chosen that one. */
  Device connectThroughEdgeTo(int number, String user, SessionOptions options) {
    for (int i = 0; i < CHOICES; i++) {
      Device device = connect(user, options);
      if (device.session().router().equals(routers.get(number - 1).name)) {
        return device;
      }
      device.session().close();
    }
    throw new AssertionError("the edge never chose " + routers.get(number - 1).name);
  }

  /** A session and what it heard. */
  record Device(ParleySession session, Recorder heard) {}

  @Override
  public void close() throws Exception {
    for (AutoCloseable each : List.copyOf(opened)) {
      each.close();
    }
    envoy.close();
    if (gateway != null) {
      gateway.stop();
    }
    dispatchers.values().forEach(PartProcess::stop);
    for (Router router : routers) {
      if (router.process != null) {
        router.process.stop();
      }
    }
    if (presence != null) {
      presence.stop();
    }
    if (redis != null) {
      redis.close();
    }
    nats.close();
    requireThatNobodyWasRefused();
    requireThatNobodyLoggedAToken();
  }

  /** Nobody asked the broker for something that it does not permit. */
  private void requireThatNobodyWasRefused() throws IOException {
    try (Stream<String> log = Files.lines(nats.process().logFile())) {
      List<String> refused = log.filter(line -> line.contains("Violation")).toList();
      if (!refused.isEmpty()) {
        throw new AssertionError("the broker refused: " + refused);
      }
    }
  }

  /** No process of this stack wrote what somebody authenticates with. */
  private void requireThatNobodyLoggedAToken() throws IOException {
    try (Stream<Path> files = Files.walk(data)) {
      for (Path log : files.filter(file -> file.toString().endsWith(".log")).toList()) {
        try (Stream<String> lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
          if (lines.anyMatch(line -> TOKEN.matcher(line).find())) {
            throw new AssertionError("a token is in " + log);
          }
        }
      }
    }
  }
}
