package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.config.Settings;
import dev.parley.edge.DevCertificates;
import dev.parley.edge.EdgeSettings;
import dev.parley.edge.Envoy;
import dev.parley.parts.FreePorts;
import dev.parley.parts.NatsServer;
import dev.parley.parts.PartProcess;
import dev.parley.parts.Parts;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The real stack, each part a process that a test may kill and start again: nats-server, router, Envoy. */
final class LiveStack implements AutoCloseable {
  private final Path data;
  private final List<String> routerArguments;
  private final DevKeys keys;
  private final DevCertificates certificates;
  private final int edgePort = FreePorts.next();
  private final int routerPort = FreePorts.next();
  private final NatsServer nats;
  private final Envoy envoy;
  private final List<AutoCloseable> opened = Collections.synchronizedList(new ArrayList<>());
  private PartProcess router;

  /** Starts all parts. The router takes these arguments besides its usual ones, now and whenever it is started anew. */
  LiveStack(Path data, String... routerArguments) throws IOException {
    this.data = data;
    this.routerArguments = List.of(routerArguments);
    this.keys = DevKeys.in(data.resolve("keys"));
    this.certificates = DevCertificates.in(data.resolve("tls"));
    Parts parts = Parts.atHome(System.err::println);
    this.nats = NatsServer.start(new NatsServer.Settings(parts.natsServer(), directory("nats-server")));
    this.router = startRouter();
    this.envoy = Envoy.start(parts.envoy(), edgeSettings(), directory("envoy"), false);
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(data.resolve(name));
  }

  private EdgeSettings edgeSettings() {
    return Settings.load(
        EdgeSettings.class,
        Map.of(),
        List.of(
            "--parley.edge.listen=127.0.0.1:" + edgePort,
            "--parley.edge.admin-port=" + FreePorts.next(),
            "--parley.edge.certificate=" + certificates.certificate(),
            "--parley.edge.key=" + certificates.key(),
            "--parley.edge.jwks=" + keys.jwks(),
            "--parley.edge.issuer=" + DevKeys.RULES.issuer(),
            "--parley.edge.audience=" + DevKeys.RULES.audience(),
            "--parley.edge.routers=127.0.0.1:" + routerPort));
  }

  private PartProcess startRouter() throws IOException {
    return RouterProcess.start(directory("router"), routerPort, nats, keys.jwks(), "router-1", routerArguments);
  }

  NatsServer nats() {
    return nats;
  }

  PartProcess router() {
    return router;
  }

  /** Kills the router as a crash would, and starts it again on its port. */
  void crashRouter() throws IOException {
    router.kill();
    router = startRouter();
  }

  /** Asks the router to leave, and starts it again on its port. */
  void replaceRouter() throws IOException {
    router.stop();
    router = startRouter();
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
    Recorder recorder = new Recorder();
    ParleySession session =
        client(user).connect(options.withBackoff(Duration.ofMillis(20), Duration.ofMillis(500)), recorder);
    recorder.awaitCaughtUp();
    return new Device(session, recorder);
  }

  /** A session and what it heard. */
  record Device(ParleySession session, Recorder heard) {}

  @Override
  public void close() throws Exception {
    for (AutoCloseable each : List.copyOf(opened)) {
      each.close();
    }
    envoy.close();
    router.stop();
    nats.close();
  }
}
