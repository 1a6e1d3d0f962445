package dev.parley.images;

import static org.awaitility.Awaitility.await;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.edge.DevCertificates;
import dev.parley.parts.FreePorts;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import dev.parley.parts.RedisServer;
import dev.parley.router.Recorder;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.TokenSource;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A whole Parley out of the images of this build: each process as a container, on a real broker and a real Redis. */
final class ImageRig implements AutoCloseable {
  private static final String SECRET = "a-secret-of-the-test";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path directory;
  private final Path files;
  private final DevKeys keys;
  private final DevCertificates certificates;
  private final NatsServer nats;
  private final RedisServer redis;
  private final Map<Image, ImageRoot> roots = new EnumMap<>(Image.class);
  private final Map<Image, Container> containers = new EnumMap<>(Image.class);
  private final Map<Image, Integer> ports = new EnumMap<>(Image.class);
  private final int edgeAdmin = FreePorts.next();
  private final List<ParleyClient> clients = new ArrayList<>();

  /** Unpacks the images and starts what they need, none of them yet. */
  ImageRig(Path directory) throws IOException {
    this.directory = directory;
    this.files = Files.createDirectories(directory.resolve("files"));
    this.keys = DevKeys.in(files);
    this.certificates = DevCertificates.in(files);
    makeReadable();
    Path tarballs = Path.of("target/images");
    for (Image image : Image.values()) {
      roots.put(image, ImageRoot.unpack(tarballs.resolve(image.imageName() + ".tar"), directory.resolve(image.imageName())));
      ports.put(image, FreePorts.next());
    }
    Parts parts = Parts.atHome(System.err::println);
    this.nats = NatsServer.start(new NatsServer.Settings(parts.natsServer(), directory.resolve(NatsServer.NAME)));
    this.redis = RedisServer.start(new RedisServer.Settings(parts.valkeyServer(), directory.resolve(RedisServer.NAME)));
  }

  /** As a cluster mounts them: the process is another user than the one that made them. */
  private void makeReadable() throws IOException {
    try (Stream<Path> all = Files.walk(files)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Files.setPosixFilePermissions(
            each, PosixFilePermissions.fromString(Files.isDirectory(each) ? "rwxr-xr-x" : "rw-r--r--"));
      }
    }
  }

  ImageRoot root(Image image) {
    return Objects.requireNonNull(roots.get(image));
  }

  Container container(Image image) {
    return Objects.requireNonNull(containers.get(image));
  }

  Path log(Image image) {
    return directory.resolve(image.imageName() + ".log");
  }

  /** Starts a process with the environment it needs and waits until it says that it is ready. */
  void start(Image image) {
    containers.put(
        image,
        Container.start(
            new Container.Launch(
                image.imageName(), root(image), List.of(), environment(image), files, null, log(image))));
    await(image.imageName() + " is ready, its log is " + log(image))
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> isReady(image) || !container(image).isAlive());
    if (!container(image).isAlive()) {
      throw new AssertionError(image.imageName() + " ended: " + read(log(image)));
    }
  }

  private Map<String, String> environment(Image image) {
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
              "PARLEY_EDGE_ADMIN_PORT", Integer.toString(edgeAdmin),
              "PARLEY_EDGE_CERTIFICATE", inContainer(certificates.certificate()),
              "PARLEY_EDGE_KEY", inContainer(certificates.key()),
              "PARLEY_EDGE_JWKS", inContainer(keys.jwks()),
              "PARLEY_EDGE_ROUTERS", address(Image.ROUTER),
              "PARLEY_EDGE_GATEWAYS", address(Image.GATEWAY),
              "PARLEY_EDGE_DISPATCHERS", address(Image.DISPATCHER));
    };
  }

  private static String inContainer(Path file) {
    return Container.FILES + "/" + file.getFileName();
  }

  private String address(Image image) {
    return "127.0.0.1:" + ports.get(image);
  }

  private boolean isReady(Image image) {
    return switch (image) {
      case ROUTER, DISPATCHER -> answersServing(address(image));
      case GATEWAY -> answersOk("http://" + address(image) + "/readyz");
      case EDGE -> answersOk("http://127.0.0.1:" + edgeAdmin + "/ready");
      case PRESENCE -> holds(() -> {
        try (Socket socket = new Socket("127.0.0.1", Objects.requireNonNull(ports.get(image)))) {
          return socket.isConnected();
        }
      });
    };
  }

  private static boolean answersServing(String address) {
    ManagedChannel channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create()).build();
    try {
      return HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(1, TimeUnit.SECONDS)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus()
          == ServingStatus.SERVING;
    } catch (StatusRuntimeException notYet) {
      return false;
    } finally {
      channel.shutdownNow();
    }
  }

  private static boolean answersOk(String url) {
    return holds(() -> {
      HttpURLConnection request = (HttpURLConnection) URI.create(url).toURL().openConnection();
      request.setConnectTimeout(1000);
      request.setReadTimeout(1000);
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

  /** A session of a user through the edge, caught up. */
  ParleySession connect(String user, Recorder heard) {
    TokenSource token = TokenSource.fixed(keys.signer().sign(user, user, Instant.now().plus(Duration.ofHours(1))));
    ParleyClient client = ParleyClient.tls("localhost:" + ports.get(Image.EDGE), certificates.authority(), token);
    clients.add(client);
    ParleySession session = client.connect(SessionOptions.forDevice("phone"), heard);
    heard.awaitCaughtUp();
    return session;
  }

  /** Whether the page is to be had through edge and gateway. */
  boolean servesThePage() throws Exception {
    var trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (var in = Files.newInputStream(certificates.authority())) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    var tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);
    try (var http = HttpClient.newBuilder().sslContext(tls).build()) {
      var page = HttpRequest.newBuilder(URI.create("https://localhost:" + ports.get(Image.EDGE) + "/")).build();
      return http.send(page, HttpResponse.BodyHandlers.ofString()).statusCode() == 200;
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "(cannot be read: " + e.getMessage() + ")";
    }
  }

  @Override
  public void close() {
    clients.forEach(ParleyClient::close);
    containers.values().forEach(Container::close);
    redis.close();
    nats.close();
  }
}
