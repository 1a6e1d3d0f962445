package dev.parley.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.rpc.ErrorInfo;
import com.sun.net.httpserver.HttpServer;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.GetUsersRequest;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the edge passes to a gateway. The one here answers with what it was asked. */
class EdgeGatewayIT {
  private static HttpServer gateway;
  private static volatile boolean ready = true;
  private static EdgeRig rig;
  private static HttpClient http;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    gateway = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    gateway.createContext(
        "/",
        request -> {
          byte[] said = (request.getRequestMethod() + " " + request.getRequestURI()).getBytes(StandardCharsets.UTF_8);
          int status = request.getRequestURI().getPath().equals("/readyz") && !ready ? 503 : 200;
          request.sendResponseHeaders(status, said.length);
          request.getResponseBody().write(said);
          request.close();
        });
    gateway.start();
    rig = new EdgeRig(directory, "--parley.edge.gateways=127.0.0.1:" + gateway.getAddress().getPort());
    http = HttpClient.newBuilder().sslContext(trusting(rig.certificates.authority())).build();
    await().until(() -> ask(HttpClient.Version.HTTP_2, "/", "").statusCode() == 200);
  }

  @AfterAll
  static void stop() throws Exception {
    http.shutdownNow();
    rig.close();
    gateway.stop(0);
  }

  private static SSLContext trusting(Path authority) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(authority)) {
      store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  /** {@code type}: of the body; empty: GET without one. */
  private static HttpResponse<String> ask(HttpClient.Version version, String path, String type) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("https://localhost:" + rig.port + path)).version(version);
    if (!type.isEmpty()) {
      request.header("content-type", type).POST(HttpRequest.BodyPublishers.ofString("{}"));
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void thePagesFilesAndCallsInJsonNeedNoTokenHere() throws Exception {
    for (HttpClient.Version version : List.of(HttpClient.Version.HTTP_1_1, HttpClient.Version.HTTP_2)) {
      assertThat(ask(version, "/", "").body()).isEqualTo("GET /");
      assertThat(ask(version, "/parley-client.js", "").body()).isEqualTo("GET /parley-client.js");
      assertThat(ask(version, "/ws?x=y", "").body()).isEqualTo("GET /ws?x=y");
      assertThat(ask(version, "/parley.v1.ChatService/Send", "application/json; charset=utf-8").body())
          .isEqualTo("POST /parley.v1.ChatService/Send");
    }
  }

  @Test
  void nothingElseOfTheGatewayIsReached() throws Exception {
    for (String path : List.of("/readyz", "/healthz", "/ws/x", "/a/b.js", "/admin")) {
      assertThat(ask(HttpClient.Version.HTTP_2, path, "").body()).as(path).doesNotStartWith("GET");
    }
    assertThat(ask(HttpClient.Version.HTTP_2, "/parley.v1.ChatService/Send", "text/plain").statusCode()).isEqualTo(401);
  }

  @Test
  void grpcGoesToTheRoutersAndNeedsItsTokenAsBefore() throws Exception {
    GetUsersRequest request = GetUsersRequest.newBuilder().addUserIds("x").build();
    await().untilAsserted(() ->
        assertThat(
                ChatServiceGrpc.newBlockingStub(rig.connect("Bearer " + rig.token()))
                    .getUsers(request)
                    .getUsers(0)
                    .getUserId())
            .isIn("one", "two"));

    StatusRuntimeException refusal =
        catchThrowableOfType(
            StatusRuntimeException.class, () -> ChatServiceGrpc.newBlockingStub(rig.connect()).getUsers(request));
    assertThat(Errors.info(refusal)).isNotNull().extracting(ErrorInfo::getReason).isEqualTo("TOKEN_MISSING");
  }

  @Test
  void aGatewayThatIsNotReadyIsAskedNothing() throws Exception {
    ready = false;
    try {
      await().until(() -> ask(HttpClient.Version.HTTP_2, "/", "").statusCode() == 503);
    } finally {
      ready = true;
      await().until(() -> ask(HttpClient.Version.HTTP_2, "/", "").statusCode() == 200);
    }
  }
}
