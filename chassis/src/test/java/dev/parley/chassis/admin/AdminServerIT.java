package dev.parley.chassis.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chassis.telemetry.Instruments;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.TelemetrySettings;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class AdminServerIT {
  private static final AdminSettings ANY_PORT = new AdminSettings("127.0.0.1:0");
  private static final Logger NOISY = LoggerFactory.getLogger("dev.parley.chassis.admin.Noisy");

  private static Telemetry telemetry;
  private static AdminServer admin;
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @BeforeAll
  static void start() throws IOException {
    telemetry =
        Telemetry.of(
            new TelemetrySettings(null, Duration.ofSeconds(10), true), null, true, "test", "one");
    admin = admin(telemetry);
  }

  @AfterAll
  static void stop() {
    admin.close();
    telemetry.close();
    CLIENT.close();
  }

  private static AdminServer admin(Telemetry telemetry) throws IOException {
    return Objects.requireNonNull(AdminServer.start(ANY_PORT, telemetry, "parley.test.name=one\n"));
  }

  private static HttpResponse<String> send(AdminServer to, String method, String path, @Nullable String accept)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + to.port() + path)).method(method, BodyPublishers.noBody());
    if (accept != null) {
      request.header("Accept", accept);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  private static HttpResponse<String> get(AdminServer from, String path) throws Exception {
    return send(from, "GET", path, null);
  }

  @Test
  void aProgramLivesBeforeItIsReadyAndSaysWhyItIsNot() throws Exception {
    try (AdminServer own = admin(Telemetry.none())) {
      assertThat(get(own, "/livez").statusCode()).isEqualTo(200);
      assertThat(get(own, "/readyz").statusCode()).isEqualTo(503);
      assertThat(get(own, "/readyz").body()).isEqualTo("starting\n");

      own.started(() -> null, () -> null);
      assertThat(get(own, "/readyz").statusCode()).isEqualTo(200);

      own.started(() -> "1 of 2 loops did nothing", () -> "draining");
      assertThat(get(own, "/livez").statusCode()).isEqualTo(503);
      assertThat(get(own, "/livez").body()).isEqualTo("1 of 2 loops did nothing\n");
      assertThat(get(own, "/readyz").body()).isEqualTo("draining\n");
    }
  }

  @Test
  void aThreadThatIsBusyForTooLongIsTold() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (ExecutorService free = Executors.newSingleThreadExecutor();
        ExecutorService busy = Executors.newSingleThreadExecutor()) {
      ThreadProbe probe = new ThreadProbe("loops", List.of(free, busy), Duration.ofMillis(200));
      assertThat(probe.trouble()).isNull();

      var unused =
          busy.submit(
              () -> {
                end.await();
                return null;
              });
      assertThat(probe.trouble()).isEqualTo("1 of 2 loops did nothing for 200 ms");

      end.countDown();
      assertThat(new ThreadProbe("loops", List.of(free, busy), Duration.ofSeconds(10)).trouble()).isNull();
    }
  }

  @Test
  void metricsAreInPrometheusFormats() throws Exception {
    AttributeKey<String> kind = AttributeKey.stringKey("kind");
    Instruments.count(telemetry.meter(), "chat.sheds", "Shed").add(3, Attributes.of(kind, "typing"));
    SpanContext span =
        SpanContext.create(
            "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", TraceFlags.getSampled(), TraceState.getDefault());
    DoubleHistogram latency = Instruments.seconds(telemetry.meter(), "chat.delivery.latency", "Latency");
    latency.record(0.004, Attributes.empty(), Context.root().with(Span.wrap(span)));

    HttpResponse<String> text = get(admin, "/metrics");
    assertThat(text.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
    assertThat(text.body())
        .contains("chat_sheds_total{kind=\"typing\"} 3.0\n")
        .contains("chat_delivery_latency_seconds_bucket{le=\"0.0025\"} 0\n")
        .contains("chat_delivery_latency_seconds_bucket{le=\"0.005\"} 1\n")
        .contains("chat_delivery_latency_seconds_count 1\n")
        .contains("jvm_heap_used_bytes ")
        .contains("parley_build_info{java=\"" + Runtime.version() + "\"");

    // An exemplar is of the time since the last look.
    latency.record(0.004, Attributes.empty(), Context.root().with(Span.wrap(span)));
    HttpResponse<String> open = send(admin, "GET", "/metrics", "application/openmetrics-text; version=1.0.0");
    assertThat(open.headers().firstValue("Content-Type").orElse("")).startsWith("application/openmetrics-text");
    assertThat(open.body()).endsWith("# EOF\n").contains("trace_id=\"0af7651916cd43dd8448eb211c80319c\"");
  }

  @Test
  void withoutMetricsNothingIsShown() throws Exception {
    try (AdminServer own = admin(Telemetry.none())) {
      assertThat(get(own, "/metrics").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void settingsAreShown() throws Exception {
    assertThat(get(admin, "/config").body()).isEqualTo("parley.test.name=one\n");
  }

  @Test
  void aLogLevelIsSetWhileTheProgramRuns() throws Exception {
    assertThat(NOISY.isDebugEnabled()).isFalse();

    String path = "/loglevel?logger=" + NOISY.getName() + "&level=debug";
    assertThat(send(admin, "PUT", path, null).statusCode()).isEqualTo(200);

    assertThat(NOISY.isDebugEnabled()).isTrue();
    assertThat(get(admin, "/loglevel").body()).contains(NOISY.getName() + "=DEBUG\n");
    assertThat(send(admin, "PUT", "/loglevel?logger=not.there&level=DEBUG", null).statusCode()).isEqualTo(400);
    assertThat(send(admin, "PUT", "/loglevel?logger=ROOT&level=loud", null).statusCode()).isEqualTo(400);
    assertThat(send(admin, "PUT", "/loglevel?logger=ROOT&level=WARN", null).statusCode()).isEqualTo(200);
    assertThat(send(admin, "PUT", "/loglevel?logger=ROOT&level=INFO", null).statusCode()).isEqualTo(200);
    assertThat(send(admin, "PUT", "/loglevel", null).statusCode()).isEqualTo(400);
    assertThat(send(admin, "POST", "/loglevel?logger=ROOT&level=DEBUG", null).statusCode()).isEqualTo(405);
    assertThat(get(admin, "/loglevels").statusCode()).isEqualTo(404);
  }

  @Test
  void librariesCannotBeMadeToLogWhatGoesOverTheirConnections() throws Exception {
    LoggerFactory.getLogger("io.grpc.netty.NettyServerHandler");

    for (String logger : List.of("ROOT", "io.grpc", "io.grpc.netty.NettyServerHandler", "dev")) {
      HttpResponse<String> answer = send(admin, "PUT", "/loglevel?level=DEBUG&logger=" + logger, null);
      assertThat(answer.statusCode()).as(logger).isEqualTo(400);
      assertThat(answer.body()).contains("tokens among them");
    }
  }

  @Test
  void whoAsksSlowlyKeepsNobodyElseFromAsking() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 16; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), admin.port());
        slow.add(socket);
        socket.getOutputStream().write("GET /metrics HTTP/1.1\r\nHost: a\r\nX".getBytes(StandardCharsets.US_ASCII));
      }

      assertThat(get(admin, "/livez").statusCode()).isEqualTo(200);
    } finally {
      for (Socket each : slow) {
        each.close();
      }
    }
  }

  @Test
  void anAddressThatIsTakenIsNamed() {
    assertThatThrownBy(
            () -> AdminServer.start(new AdminSettings("127.0.0.1:" + admin.port()), Telemetry.none(), ""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("admin: 127.0.0.1:" + admin.port() + " cannot be listened on");
  }

  @Test
  void withoutAnAddressNothingListens() throws Exception {
    assertThat(AdminServer.start(new AdminSettings(null), telemetry, "")).isNull();
  }
}
