package dev.parley.router.moderation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.parley.chassis.resilience.BreakerSettings;
import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.resilience.Hops;
import dev.parley.router.moderation.Moderation.Verdict;
import dev.parley.router.moderation.ModerationSettings.OnFailure;
import dev.parley.v1.Command;
import dev.parley.v1.Message;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpModerationIT {
  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final Command COMMAND =
      Command.newBuilder().setMessage(Message.newBuilder().setText("hellö")).build();
  private static final Verdict ALLOWED = new Verdict.Allowed();
  private static final Verdict UNAVAILABLE = new Verdict.Unavailable();

  private static final Hops HOPS = Hops.unmetered(InstantSource.system(), new Random(7));

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ExecutorService serving = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch end = new CountDownLatch(1);
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private Hop hop;
  private HttpModeration moderation;
  private volatile Answer answer = exchange -> respond(exchange, 200, "{\"allowed\":true}");

  private record Asked(String id, String timestamp, String signature, String body) {}

  private interface Answer {
    void to(HttpExchange exchange) throws IOException, InterruptedException;
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    server.setExecutor(serving);
    server.createContext("/ask", this::serve);
    server.start();
    ModerationSettings settings = settings(server, Duration.ofSeconds(5), OnFailure.CLOSED);
    hop = HOPS.hop("router-moderation", settings.hop(), timer);
    moderation = new HttpModeration(settings, hop, InstantSource.system());
  }

  @AfterEach
  void stop() {
    end.countDown();
    moderation.close();
    server.stop(0);
    serving.shutdownNow();
    timer.shutdownNow();
  }

  private static ModerationSettings settings(HttpServer server, Duration deadline, OnFailure onFailure) {
    BreakerSettings breaker = new BreakerSettings(50, 4, 4, Duration.ofMillis(50), 1);
    URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/ask");
    return new ModerationSettings(url, SECRET, deadline, onFailure, 64, breaker);
  }

  /** Asks by other settings from now on. */
  private void use(Duration deadline, OnFailure onFailure) {
    ModerationSettings settings = settings(server, deadline, onFailure);
    moderation.close();
    hop = HOPS.hop("router-moderation", settings.hop(), timer);
    moderation = new HttpModeration(settings, hop, InstantSource.system());
  }

  private void serve(HttpExchange exchange) throws IOException {
    var headers = exchange.getRequestHeaders();
    asked.add(
        new Asked(
            headers.getFirst("webhook-id"),
            headers.getFirst("webhook-timestamp"),
            headers.getFirst("webhook-signature"),
            new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
    try (exchange) {
      answer.to(exchange);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void respond(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private Verdict ask() {
    return moderation.ask("ann", "c1", COMMAND).toCompletableFuture().join();
  }

  @Test
  void whatIsAllowedIsAllowedAndTheQuestionIsSigned() {
    assertThat(ask()).isEqualTo(ALLOWED);
    Asked question = asked.getFirst();
    assertThat(question.body())
        .isEqualTo("{\"userId\":\"ann\",\"conversationId\":\"c1\",\"command\":{\"message\":{\"text\":\"hellö\"}}}");
    assertThat(question.signature())
        .isEqualTo(
            ModerationMessages.signature(
                ModerationSettings.key(SECRET),
                question.id(),
                Long.parseLong(question.timestamp()),
                question.body()));
  }

  @Test
  void whatIsRefusedIsRefusedWithItsRule() {
    answer = exchange -> respond(exchange, 200, "{\"allowed\":false,\"rule\":\"no-links\"}");
    assertThat(ask()).isEqualTo(new Verdict.Refused("no-links"));
    assertThat(hop.state()).isEqualTo(Hop.State.CLOSED);
  }

  @Test
  void whoIsSlowHasNotAnswered() {
    use(Duration.ofMillis(100), OnFailure.CLOSED);
    answer = exchange -> end.await();
    assertThat(ask()).isEqualTo(UNAVAILABLE);
  }

  @Test
  void whoBeginsToAnswerAndIsSlowThenHasNotAnsweredEither() {
    use(Duration.ofMillis(100), OnFailure.CLOSED);
    answer = exchange -> {
      exchange.sendResponseHeaders(200, 100);
      exchange.getResponseBody().write('{');
      exchange.getResponseBody().flush();
      end.await();
    };
    assertThat(ask()).isEqualTo(UNAVAILABLE);
  }

  @Test
  void anyOtherStatusIsNoAnswer() {
    answer = exchange -> respond(exchange, 500, "{\"allowed\":true}");
    assertThat(ask()).isEqualTo(UNAVAILABLE);
    answer = exchange -> {
      exchange.getResponseHeaders().set("location", "/ask");
      respond(exchange, 307, "{\"allowed\":true}");
    };
    assertThat(ask()).isEqualTo(UNAVAILABLE);
    assertThat(asked).hasSize(2);
  }

  @Test
  void aHugeAnswerIsNone() {
    answer = exchange -> respond(exchange, 200, "{\"allowed\":true}" + " ".repeat(5_000));
    assertThat(ask()).isEqualTo(UNAVAILABLE);
  }

  @Test
  void garbageIsNoAnswer() {
    answer = exchange -> respond(exchange, 200, "<html>");
    assertThat(ask()).isEqualTo(UNAVAILABLE);
  }

  @Test
  void withoutAnAnswerEverythingIsAllowedIfTheSettingsSaySo() {
    use(Duration.ofSeconds(5), OnFailure.OPEN);
    answer = exchange -> respond(exchange, 500, "");
    assertThat(ask()).isEqualTo(ALLOWED);
    server.stop(0);
    assertThat(ask()).isEqualTo(ALLOWED);
  }

  @Test
  void whoFailsTooOftenIsNotAskedUntilItAnswersAgain() {
    answer = exchange -> respond(exchange, 500, "");
    for (int i = 0; i < 4; i++) {
      assertThat(ask()).isEqualTo(UNAVAILABLE);
    }
    await().until(() -> hop.state() == Hop.State.OPEN);
    answer = exchange -> respond(exchange, 200, "{\"allowed\":true}");
    await().until(() -> ask().equals(ALLOWED));
    assertThat(hop.state()).isEqualTo(Hop.State.CLOSED);
  }
}
