package dev.parley.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.GetUsersRequest;
import io.grpc.Channel;
import io.grpc.Metadata;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose trace a call belongs to when it reaches a router. */
class EdgeTraceIT {
  private static final String STRANGERS = "11111111111111111111111111111111";
  private static final String SAMPLED = "00-[0-9a-f]{32}-[0-9a-f]{16}-01";

  private final List<Integer> sent = new CopyOnWriteArrayList<>();
  private HttpServer collector;

  @TempDir Path directory;

  @BeforeEach
  void startCollector() throws Exception {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/v1/traces",
        request -> {
          sent.add(request.getRequestBody().readAllBytes().length);
          request.sendResponseHeaders(200, -1);
          request.close();
        });
    collector.start();
  }

  @AfterEach
  void stop() {
    collector.stop(0);
  }

  /** One call, and a stream that is open; with all that could make a proxy, or who comes after it, follow them. */
  private static TestStream callAndOpen(EdgeRig rig) throws Exception {
    Channel forcing = rig.connect("Bearer " + rig.token());
    for (String header :
        List.of(
            "traceparent: 00-" + STRANGERS + "-2222222222222222-01",
            "tracestate: stranger=1",
            "x-envoy-force-trace: true",
            "x-client-trace-id: stranger",
            "x-request-id: 6d2dd9d3-4b07-9bc5-a4bd-a2d1f7f8d6c0")) {
      String[] parts = header.split(": ");
      forcing = EdgeRig.with(forcing, Metadata.Key.of(parts[0], Metadata.ASCII_STRING_MARSHALLER), parts[1]);
    }
    TestStream open = TestStream.on(forcing, any -> true);
    GetUsersRequest request = GetUsersRequest.newBuilder().addUserIds("x").build();
    assertThat(ChatServiceGrpc.newBlockingStub(forcing).getUsers(request).getUsersCount()).isEqualTo(1);
    return open;
  }

  private String endpoint() {
    return "--parley.edge.trace.endpoint=http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces";
  }

  @Test
  void aSampledCallIsTracedAndAStreamIsNot() throws Exception {
    try (EdgeRig rig = new EdgeRig(directory, endpoint(), "--parley.edge.trace.ratio=1")) {
      callAndOpen(rig).end();

      assertThat(rig.calls()).singleElement().asString().matches(SAMPLED).doesNotContain(STRANGERS);
      assertThat(rig.streams()).isNotEmpty().allSatisfy(trace -> assertThat(trace).doesNotMatch(SAMPLED));
      await().untilAsserted(() -> assertThat(sent).isNotEmpty());
      assertThat(rig.status("GET", "/metrics")).contains("\nenvoy_tracing_opentelemetry_spans_sent{} 1\n");
    }
  }

  @Test
  void aClientCannotMakeACallBeSampled() throws Exception {
    try (EdgeRig rig = new EdgeRig(directory, endpoint(), "--parley.edge.trace.ratio=0")) {
      callAndOpen(rig).end();

      assertThat(rig.calls()).singleElement().asString().doesNotMatch(SAMPLED).doesNotContain(STRANGERS);
      assertThat(rig.streams()).isNotEmpty().allSatisfy(trace -> assertThat(trace).doesNotMatch(SAMPLED));
    }
  }

  @Test
  void withoutTracesNothingOfAClientsTraceGoesFurther() throws Exception {
    try (EdgeRig rig = new EdgeRig(directory)) {
      callAndOpen(rig).end();

      assertThat(rig.calls()).containsExactly("none");
      assertThat(rig.streams()).isNotEmpty().containsOnly("none");
    }
  }
}
