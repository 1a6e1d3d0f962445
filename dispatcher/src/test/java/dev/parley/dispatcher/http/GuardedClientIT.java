package dev.parley.dispatcher.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.parley.dispatcher.http.PostOutcome.Answered;
import dev.parley.dispatcher.http.PostOutcome.Failure;
import dev.parley.dispatcher.http.PostOutcome.Unanswered;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.Message;
import org.apache.hc.core5.http.ProtocolVersion;
import org.apache.hc.core5.http.URIScheme;
import org.apache.hc.core5.http.impl.bootstrap.HttpAsyncServer;
import org.apache.hc.core5.http.nio.AsyncRequestConsumer;
import org.apache.hc.core5.http.nio.AsyncServerRequestHandler;
import org.apache.hc.core5.http.nio.entity.StringAsyncEntityConsumer;
import org.apache.hc.core5.http.nio.support.AsyncResponseBuilder;
import org.apache.hc.core5.http.nio.support.BasicRequestConsumer;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.http2.HttpVersionPolicy;
import org.apache.hc.core5.http2.impl.nio.bootstrap.H2ServerBootstrap;
import org.apache.hc.core5.http2.ssl.H2ServerTlsStrategy;
import org.apache.hc.core5.io.CloseMode;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuardedClientIT {
  private static final HttpSettings LOCAL = settings(List.of("127.0.0.0/8"), true, null);
  private static final char[] PASSWORD = "secret".toCharArray();

  private NastyServer server;
  private GuardedClient client;

  private static HttpSettings settings(List<String> networks, boolean plainHttp, @Nullable Path caFile) {
    return new HttpSettings(
        networks, plainHttp, caFile, Duration.ofSeconds(1), Duration.ofMillis(1_500), 32, 256);
  }

  @BeforeEach
  void start() throws IOException {
    server = new NastyServer();
    client = new GuardedClient(LOCAL);
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    server.close();
  }

  private PostOutcome post(String url) {
    return post(client, url);
  }

  private static PostOutcome post(GuardedClient client, String url) {
    byte[] body = "{\"x\":\"ü\"}".getBytes(StandardCharsets.UTF_8);
    return client.post(new Post(URI.create(url), Map.of("webhook-id", "one"), body)).join();
  }

  private Failure failure(String url) {
    return failure(post(url));
  }

  private static Failure failure(PostOutcome outcome) {
    assertThat(outcome).isInstanceOf(Unanswered.class);
    return ((Unanswered) outcome).failure();
  }

  private static Answered answered(PostOutcome outcome) {
    assertThat(outcome).isInstanceOf(Answered.class);
    return (Answered) outcome;
  }

  @Test
  void aRequestComesAsItWasMadeAndItsAnswerTells() {
    Answered answer = answered(post(server.url("/ok?a=b")));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.beginning()).asString().isEqualTo("hello");
    NastyServer.Request request = server.requests.getFirst();
    assertThat(request.path()).isEqualTo("/ok?a=b");
    assertThat(request.body()).isEqualTo("{\"x\":\"ü\"}");
    assertThat(request.headers())
        .containsEntry("webhook-id", "one")
        .containsEntry("user-agent", "Parley")
        .containsEntry("host", "127.0.0.1:" + server.port())
        .doesNotContainKeys("accept-encoding", "upgrade", "cookie", "authorization");
    assertThat(request.headers().get("content-type")).startsWith("application/json");
  }

  @Test
  void aRefusalTellsItsStatusAndWhenToComeBack() {
    Answered answer = answered(post(server.url("/status/503/30")));
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.retryAfter()).isEqualTo("30");
  }

  @Test
  void aRedirectIsAnAnswerAndNotFollowed() {
    assertThat(answered(post(server.url("/redirect"))).status()).isEqualTo(307);
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void cookiesAreNotKept() {
    post(server.url("/cookie"));
    post(server.url("/cookie"));
    assertThat(server.requests).hasSize(2).allMatch(request -> !request.headers().containsKey("cookie"));
  }

  @Test
  void ofAHugeBodyTheBeginningIsReadAndTheConnectionClosed() {
    Answered answer = answered(post(server.url("/huge")));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.beginning()).hasSize(GuardedClient.BODY_BYTES);
    await().until(() -> server.connections() == 0);
  }

  @Test
  void whoNeverAnswersIsGivenUpAndTheConnectionClosed() {
    assertThat(failure(server.url("/never"))).isEqualTo(Failure.TIME_LIMIT);
    await().until(() -> server.connections() == 0);
  }

  @Test
  void whoAnswersByteByByteIsGivenUpToo() {
    assertThat(failure(server.url("/drip"))).isEqualTo(Failure.TIME_LIMIT);
    await().until(() -> server.connections() == 0);
  }

  @Test
  void anAnswerThatEndsHalfWayIsNone() {
    assertThat(failure(server.url("/half"))).isEqualTo(Failure.BROKEN);
  }

  @Test
  void whoHangsUpIsNotAskedAgainByItself() {
    assertThat(failure(server.url("/hang-up"))).isEqualTo(Failure.BROKEN);
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void headersAreBounded() {
    assertThat(failure(server.url("/headers"))).isEqualTo(Failure.TOO_LARGE);
  }

  @Test
  void whatIsNoHttpIsNoAnswer() {
    assertThat(failure(server.url("/garbage"))).isIn(Failure.BROKEN, Failure.TIME_LIMIT);
  }

  @Test
  void whereNobodyListensThereIsNoConnection() throws IOException {
    int port;
    try (ServerSocket taken = new ServerSocket(0)) {
      port = taken.getLocalPort();
    }
    assertThat(failure("http://127.0.0.1:" + port + "/")).isEqualTo(Failure.NO_CONNECTION);
  }

  @Test
  void noMoreConnectionsToOneAddressThanAllowed() {
    HttpSettings two = new HttpSettings(
        List.of("127.0.0.0/8"), true, null, Duration.ofSeconds(1), Duration.ofMillis(800), 2, 2);
    try (GuardedClient small = new GuardedClient(two)) {
      List<CompletableFuture<PostOutcome>> posts =
          IntStream.range(0, 6)
              .mapToObj(i -> small.post(new Post(URI.create(server.url("/never")), Map.of(), new byte[0])))
              .toList();
      await().until(() -> server.requests.size() == 2);
      posts.forEach(post -> assertThat(failure(post.join())).isEqualTo(Failure.TIME_LIMIT));
      assertThat(server.requests).hasSizeLessThanOrEqualTo(4);
    }
  }

  @Test
  void whatIsUnderWayEndsWithTheClient() {
    CompletableFuture<PostOutcome> post =
        client.post(new Post(URI.create(server.url("/never")), Map.of(), new byte[0]));
    await().until(() -> server.requests.size() == 1);
    client.close();
    assertThat(failure(post.join())).isEqualTo(Failure.BROKEN);
    assertThat(failure(post(server.url("/ok")))).isEqualTo(Failure.BROKEN);
  }

  // ------------------------------------------------------------------ where to

  @Test
  void nothingIsSentToAnAddressThatIsNotPublic() {
    try (GuardedClient strict = new GuardedClient(settings(List.of(), true, null))) {
      for (String host : List.of("127.0.0.1", "localhost", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0")) {
        String url = "http://" + host + ":" + server.port() + "/";
        assertThat(failure(post(strict, url))).as(host).isEqualTo(Failure.ADDRESS_REFUSED);
        Unanswered refusal = strict.check(URI.create(url)).join();
        assertThat(refusal).as(host).isNotNull();
      }
    }
    assertThat(server.requests).isEmpty();
    assertThat(server.connections()).isZero();
  }

  @Test
  void onlyAddressesOfTheWebAreTaken() {
    try (GuardedClient strict = new GuardedClient(settings(List.of("127.0.0.0/8"), false, null))) {
      assertThat(failure(post(strict, server.url("/")))).isEqualTo(Failure.BAD_TARGET);
    }
    for (String url : List.of("ftp://127.0.0.1/", "http:///nowhere", "http://user:pw@127.0.0.1/", "mailto:a@b", "/x")) {
      assertThat(failure(url)).as(url).isEqualTo(Failure.BAD_TARGET);
    }
  }

  @Test
  void aNameThatChangesBetweenTheCheckAndTheConnectionChangesNothing() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    AddressGuard.Names rebinding =
        host -> new InetAddress[] {InetAddress.ofLiteral(asked.getAndIncrement() == 0 ? "127.0.0.1" : "10.0.0.1")};
    try (GuardedClient fooled = new GuardedClient(LOCAL, new AddressGuard(LOCAL.allowedNetworks(), rebinding))) {
      String url = "http://rebinding.example:" + server.port() + "/ok";
      assertThat(answered(post(fooled, url)).status()).isEqualTo(200);
      assertThat(asked).hasValue(1);
      assertThat(failure(post(fooled, url))).isEqualTo(Failure.ADDRESS_REFUSED);
      assertThat(server.requests).hasSize(1);
    }
  }

  @Test
  void aNameWithoutAnAddressIsTold() {
    AddressGuard.Names nobody = host -> {
      throw new UnknownHostException(host);
    };
    try (GuardedClient lost = new GuardedClient(LOCAL, new AddressGuard(List.of(), nobody))) {
      assertThat(failure(post(lost, "http://nobody.example/"))).isEqualTo(Failure.NOT_RESOLVED);
    }
  }

  @Test
  void aNameServerThatHangsStopsNobodyElse() {
    CompletableFuture<Void> answers = new CompletableFuture<>();
    AddressGuard.Names hanging = host -> {
      if (host.equals("slow.example")) {
        answers.join();
      }
      return new InetAddress[] {InetAddress.getLoopbackAddress()};
    };
    try (GuardedClient patient = new GuardedClient(LOCAL, new AddressGuard(LOCAL.allowedNetworks(), hanging))) {
      List<CompletableFuture<PostOutcome>> slow =
          IntStream.range(0, 40)
              .mapToObj(i -> patient.post(new Post(URI.create("http://slow.example/"), Map.of(), new byte[0])))
              .toList();
      assertThat(answered(post(patient, "http://quick.example:" + server.port() + "/ok")).status()).isEqualTo(200);
      slow.forEach(post -> assertThat(failure(post.join())).isEqualTo(Failure.TIME_LIMIT));
      answers.complete(null);
    }
  }

  // ------------------------------------------------------------------ TLS

  private static SSLContext serverTls(Path directory, String name) throws Exception {
    Path store = directory.resolve(name + ".p12");
    keytool("-genkeypair", "-alias", "k", "-keyalg", "EC", "-validity", "2", "-dname", "CN=" + name, "-ext",
        "san=dns:" + name, "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", new String(PASSWORD));
    keytool("-exportcert", "-rfc", "-alias", "k", "-file", directory.resolve(name + ".pem").toString(), "-keystore",
        store.toString(), "-storepass", new String(PASSWORD));
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(factory.getKeyManagers(), null, null);
    return context;
  }

  private static void keytool(String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
    command.addAll(List.of(args));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  private static HttpsServer https(SSLContext context) throws IOException {
    HttpsServer https = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    https.setHttpsConfigurator(new HttpsConfigurator(context));
    https.createContext("/", exchange -> {
      exchange.sendResponseHeaders(204, -1);
      exchange.close();
    });
    https.start();
    return https;
  }

  @Test
  void aCertificateMustBeTrustedAndForTheName(@TempDir Path directory) throws Exception {
    HttpsServer good = https(serverTls(directory, "localhost"));
    HttpsServer misnamed = https(serverTls(directory, "other.example"));
    Path both = directory.resolve("both.pem");
    Files.writeString(
        both,
        Files.readString(directory.resolve("localhost.pem")) + Files.readString(directory.resolve("other.example.pem")));
    try (GuardedClient trusting = new GuardedClient(settings(List.of("127.0.0.0/8"), false, both))) {
      assertThat(answered(post(trusting, "https://localhost:" + good.getAddress().getPort() + "/")).status()).isEqualTo(204);
      assertThat(failure(post(trusting, "https://localhost:" + misnamed.getAddress().getPort() + "/")))
          .isEqualTo(Failure.TLS);
      assertThat(failure(post("https://localhost:" + good.getAddress().getPort() + "/"))).isEqualTo(Failure.TLS);
      assertThat(failure(post("https://127.0.0.1:" + server.port() + "/garbage"))).isIn(Failure.TLS, Failure.TIME_LIMIT);
    } finally {
      good.stop(0);
      misnamed.stop(0);
    }
  }

  @Test
  void aFileWithoutCertificatesIsRefused(@TempDir Path directory) {
    HttpSettings missing = settings(List.of(), false, directory.resolve("none.pem"));
    assertThatThrownBy(() -> new GuardedClient(missing)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void http2IsSpokenWhereTlsAgreesOnIt(@TempDir Path directory) throws Exception {
    CompletableFuture<ProtocolVersion> version = new CompletableFuture<>();
    HttpAsyncServer h2 =
        H2ServerBootstrap.bootstrap()
            .setVersionPolicy(HttpVersionPolicy.NEGOTIATE)
            .setTlsStrategy(new H2ServerTlsStrategy(serverTls(directory, "localhost")))
            .register("*", new Versions(version))
            .create();
    h2.start();
    try (GuardedClient trusting =
        new GuardedClient(settings(List.of("127.0.0.0/8"), false, directory.resolve("localhost.pem")))) {
      var address = (InetSocketAddress)
          h2.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), URIScheme.HTTPS).get().getAddress();
      assertThat(answered(post(trusting, "https://localhost:" + address.getPort() + "/")).status()).isEqualTo(200);
      assertThat(version.join().getMajor()).isEqualTo(2);
    } finally {
      h2.close(CloseMode.IMMEDIATE);
    }
  }

  /** Notes the version of HTTP that is spoken. */
  private record Versions(CompletableFuture<ProtocolVersion> version)
      implements AsyncServerRequestHandler<Message<HttpRequest, String>> {
    @Override
    public AsyncRequestConsumer<Message<HttpRequest, String>> prepare(
        HttpRequest request, @Nullable EntityDetails entity, HttpContext context) {
      version.complete(request.getVersion());
      return new BasicRequestConsumer<>(entity == null ? null : new StringAsyncEntityConsumer());
    }

    @Override
    public void handle(Message<HttpRequest, String> message, ResponseTrigger trigger, HttpContext context)
        throws HttpException, IOException {
      trigger.submitResponse(AsyncResponseBuilder.create(200).build(), context);
    }
  }
}
