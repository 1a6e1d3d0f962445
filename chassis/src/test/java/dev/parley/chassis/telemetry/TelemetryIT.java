package dev.parley.chassis.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

class TelemetryIT {
  @Test
  void metricsReachACollector() throws Exception {
    Queue<String> received = new ConcurrentLinkedQueue<>();
    HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/v1/metrics",
        exchange -> {
          received.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    collector.start();
    URI endpoint = URI.create("http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/metrics");
    try (Telemetry telemetry =
        Telemetry.of(
            new TelemetrySettings(endpoint, Duration.ofMillis(100), true), null, false, "parley-test", "one")) {
      telemetry.meter().counterBuilder("parley.test.count").build().add(1);

      await()
          .untilAsserted(
              () ->
                  assertThat(received)
                      .anySatisfy(body -> assertThat(body).contains("parley.test.count", "parley-test")));
    } finally {
      collector.stop(0);
    }
  }

  @Test
  void withoutAnEndpointNothingIsCounted() {
    try (Telemetry telemetry =
        Telemetry.of(new TelemetrySettings(null, Duration.ofSeconds(1), true), null, false, "parley-test", "one")) {
      assertThat(telemetry.meter().getClass().getName()).doesNotContain(".sdk.");
    }
  }
}
