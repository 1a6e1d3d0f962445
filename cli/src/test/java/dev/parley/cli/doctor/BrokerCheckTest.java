package dev.parley.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of the answers of a nats-server, as version 2.15.1 gives them. */
class BrokerCheckTest {
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answers(String path, int status, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
          }
        });
  }

  private Finding found() {
    return new BrokerCheck("http://127.0.0.1:" + server.getAddress().getPort()).run();
  }

  @Test
  void aServerThatIsWellSaysHowSafeAnAppendIs() {
    answers("/healthz", 200, "{\"status\":\"ok\"}");
    answers("/jsz", 200, "{\"config\":{\"store_dir\":\"/data\",\"sync_interval\":120000000000,\"sync_always\":true}}");

    assertThat(found()).isEqualTo(Finding.good("jetstream", "every record is flushed to disk, stored in /data"));
  }

  @Test
  void aFullDiskIsNamedWithWhatToDo() {
    answers(
        "/healthz",
        503,
        "{\"status\":\"unavailable\",\"error\":\"JetStream stream '$G > shard-0' write error: write 1.blk: no space left on"
            + " device\"}");

    Finding found = found();
    assertThat(found.good()).isFalse();
    assertThat(found.detail()).contains("shard-0", "no space left on device");
    assertThat(found.remedy()).contains("make room", "restart nats-server");
  }

  @Test
  void whateverElseIsWrongIsToldInItsOwnWords() {
    answers("/healthz", 503, "{\"status\":\"unavailable\",\"error\":\"JetStream is not current with the meta leader\"}");

    assertThat(found().detail()).contains("not current with the meta leader");
    assertThat(found().remedy()).isEqualTo("read the log of nats-server");
  }

  @Test
  void aServerThatDoesNotAnswerIsAFinding() {
    server.stop(0);

    assertThat(found().detail()).contains("does not answer");
  }
}
