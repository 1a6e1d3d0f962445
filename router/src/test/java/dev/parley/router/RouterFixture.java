package dev.parley.router;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.conversation.log.Broker;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.TokenSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A router on a free port of this machine, and clients of it. */
final class RouterFixture implements AutoCloseable {
  private final Broker broker;
  private final Telemetry telemetry;
  private final DevKeys keys;
  private final String[] extra;
  private final List<ParleyClient> clients = Collections.synchronizedList(new ArrayList<>());
  private RouterServer router;

  RouterFixture(Broker broker, String... extraSettings) throws IOException {
    this(broker, Telemetry.none(), extraSettings);
  }

  /** With metrics of the first router that go elsewhere. */
  RouterFixture(Broker broker, Telemetry telemetry, String... extraSettings) throws IOException {
    this.telemetry = telemetry;
    Path directory = Files.createTempDirectory("parley-router-test");
    this.broker = broker;
    this.keys = DevKeys.in(directory);
    this.extra = extraSettings;
    this.router = start(0);
  }

  private RouterServer start(int port) throws IOException {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--parley.router.server.listen=127.0.0.1:" + port,
                "--parley.router.auth.jwks=" + keys.jwks(),
                "--parley.router.link.listen=127.0.0.1:0",
                "--parley.router.drain.notice=10ms",
                "--parley.router.drain.spread=100ms",
                "--parley.router.drain.patience=5s"));
    args.addAll(Arrays.asList(extra));
    return new RouterServer(
        Settings.load(RouterSettings.class, Map.of(), args), broker, InstantSource.system(), () -> {}, telemetry);
  }

  RouterServer router() {
    return router;
  }

  int port() {
    return router.port();
  }

  /** The keys of those who issue tokens. */
  Path jwks() {
    return keys.jwks();
  }

  /** Ends the router at once and starts another one on its port. */
  void restart() throws IOException {
    int port = router.port();
    router.close();
    router = start(port);
  }

  /** Lets the router leave as on SIGTERM, and starts another one on its port. */
  void drainAndRestart() throws IOException, InterruptedException {
    int port = router.port();
    router.drain();
    router = start(port);
  }

  String token(String user) {
    return token(user, Duration.ofHours(1));
  }

  String token(String user, Duration validFor) {
    return keys.signer().sign(user, user.toUpperCase(java.util.Locale.ROOT), Instant.now().plus(validFor));
  }

  /** A token for the calls of operators. */
  String operatorToken() {
    return keys.signer().signOperator("operator", Instant.now().plus(Duration.ofHours(1)));
  }

  ParleyClient client(String user) {
    ParleyClient client = ParleyClient.plaintext("127.0.0.1:" + port(), TokenSource.fixed(token(user)));
    clients.add(client);
    return client;
  }

  /** A session of the user, on a connection of its own. */
  Device connect(String user, String device) {
    return connect(user, SessionOptions.forDevice(device));
  }

  Device connect(String user, SessionOptions options) {
    Recorder recorder = new Recorder();
    ParleySession session =
        client(user).connect(options.withBackoff(Duration.ofMillis(10), Duration.ofMillis(200)), recorder);
    recorder.awaitCaughtUp();
    return new Device(session, recorder);
  }

  /** A session and what it heard. */
  record Device(ParleySession session, Recorder heard) implements AutoCloseable {
    @Override
    public void close() {
      session.close();
    }
  }

  @Override
  public void close() {
    clients.forEach(ParleyClient::close);
    router.close();
  }
}
