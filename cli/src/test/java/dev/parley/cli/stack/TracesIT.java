package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.JsonFormat;
import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.cli.stack.SpanCollector.Span;
import dev.parley.conversation.ClientEventIds;
import dev.parley.pushlab.PushLabServer;
import dev.parley.pushlab.PushLabSettings;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.Command;
import dev.parley.v1.Message;
import dev.parley.v1.PushDevice;
import dev.parley.v1.RegisterPushDeviceRequest;
import dev.parley.v1.SendRequest;
import io.grpc.StatusRuntimeException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way of one message through all programs. */
class TracesIT {
  private static final SessionOptions PHONE = SessionOptions.forDevice("phone");

  @TempDir Path data;

  @Test
  void oneMessageIsOneTraceOverTwoRoutersAndTheDispatcher() throws Exception {
    try (SpanCollector collector = new SpanCollector();
        PushLabServer lab =
            new PushLabServer(
                new PushLabSettings(data.resolve("lab"), 0, 0, 0, 0, 100, 1), InstantSource.system());
        LiveStack parley = LiveStack.withTraces(data, collector.endpoint())) {
      parley.startDispatcher(
          1, data.resolve("lab"), "--parley.dispatcher.trace.endpoint=" + collector.endpoint(),
          "--parley.dispatcher.times.grace=200ms");
      try (ParleyClient cat = parley.client("cat")) {
        PushDevice.Builder phone = PushDevice.newBuilder().setDeviceId("phone").setTarget(lab.newFcmPhone("cat").target());
        RegisterPushDeviceRequest request = RegisterPushDeviceRequest.newBuilder().setDevice(phone).build();
        // The edge looks once a second which dispatchers are there.
        await()
            .ignoreException(StatusRuntimeException.class)
            .untilAsserted(() -> assertThat(cat.push().registerPushDevice(request)).isNotNull());
      }
      Device ann = parley.connectTo(1, "ann", PHONE);
      Device ben = parley.connectTo(2, "ben", PHONE);
      String id = get(ann.session().createGroup("plans", List.of("ben", "cat")));
      ben.heard().awaitSeq(id, 1);

      long seq = get(ann.session().sendText(id, "hello")).getCursor().getSeq();
      ben.heard().awaitSeq(id, seq);

      await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertOneTrace(collector.spans()));
    }
  }

  private static void assertOneTrace(List<Span> spans) {
    assertThat(spans).anySatisfy(push -> assertThat(push.name()).isEqualTo("push"));
    Span push = spans.stream().filter(span -> span.name().equals("push")).findFirst().orElseThrow();
    List<Span> trace = spans.stream().filter(span -> span.trace().equals(push.trace())).toList();
    Span send = one(trace, "send", "router-1");
    Span append = trace.stream().filter(span -> span.name().equals("append")).findFirst().orElseThrow(AssertionError::new);
    Span deliver = one(trace, "deliver", "router-2");
    assertThat(send.parent()).isEmpty();
    assertThat(append.parent()).isEqualTo(send.id());
    assertThat(deliver.parent()).isEqualTo(append.id());
    assertThat(push.parent()).isEqualTo(append.id());
    assertThat(push.instance()).isEqualTo("dispatcher-1");
  }

  /** What is sent by a call: by gRPC, and in JSON by way of a gateway. */
  @Test
  void aCallIsOneTraceFromTheEdgeOnwards() throws Exception {
    try (SpanCollector collector = new SpanCollector();
        LiveStack parley = LiveStack.withTraces(data, collector.endpoint());
        ParleyClient ann = parley.client("ann");
        HttpClient browser = HttpClient.newBuilder().sslContext(GatewayIT.trusting(parley.authority())).build()) {
      Device ben = parley.connectTo(2, "ben", PHONE);
      String id = get(ben.session().createGroup("plans", List.of("ann")));

      long seq = ann.blocking().send(hello(id)).getStored().getCursor().getSeq();
      HttpRequest call =
          HttpRequest.newBuilder(URI.create(parley.edgeUrl() + "/parley.v1.ChatService/Send"))
              .header("content-type", "application/json")
              .header("authorization", "Bearer " + parley.token("ann", Duration.ofMinutes(5)))
              .POST(HttpRequest.BodyPublishers.ofString(JsonFormat.printer().print(hello(id))))
              .build();
      // The edge looks once a second whether the gateway is there; what it refuses has reached nobody.
      await().until(() -> browser.send(call, HttpResponse.BodyHandlers.discarding()).statusCode() == 200);
      ben.heard().awaitSeq(id, seq + 1);

      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertFromTheEdge(collector.spans()));
    }
  }

  private static SendRequest hello(String conversation) {
    return SendRequest.newBuilder()
        .setCommand(
            Command.newBuilder()
                .setConversationId(conversation)
                .setClientEventId(ClientEventIds.create(Instant.now()))
                .setMessage(Message.newBuilder().setText("hello")))
        .build();
  }

  /** The traces in which a message was sent by a call: what streams send begins with itself. */
  private static List<List<Span>> tracesOfCalls(List<Span> spans) {
    return spans.stream()
        .filter(span -> span.name().equals("send") && !span.parent().isEmpty())
        .map(send -> spans.stream().filter(span -> span.trace().equals(send.trace())).toList())
        .toList();
  }

  private static void assertFromTheEdge(List<Span> spans) {
    List<List<Span>> traces = tracesOfCalls(spans);
    assertThat(traces).hasSize(2);
    for (List<Span> trace : traces) {
      Span call = one(trace, "call", "edge-1");
      assertThat(call.parent()).isEmpty();
      if (passed(trace)) {
        Span pass = one(trace, "pass", "gateway-1");
        assertThat(pass.parent()).isEqualTo(call.id());
        assertSent(trace, pass);
      } else {
        assertSent(trace, call);
      }
    }
    assertThat(traces).as("one by gRPC, one in JSON").filteredOn(TracesIT::passed).hasSize(1);
  }

  private static boolean passed(List<Span> trace) {
    return trace.stream().anyMatch(span -> span.name().equals("pass"));
  }

  private static void assertSent(List<Span> trace, Span parent) {
    Span send = trace.stream().filter(span -> span.name().equals("send")).findFirst().orElseThrow(AssertionError::new);
    Span append = trace.stream().filter(span -> span.name().equals("append")).findFirst().orElseThrow(AssertionError::new);
    assertThat(send.parent()).isEqualTo(parent.id());
    assertThat(append.parent()).isEqualTo(send.id());
    assertThat(one(trace, "deliver", "router-2").parent()).isEqualTo(append.id());
  }

  private static Span one(List<Span> trace, String name, String instance) {
    List<Span> found =
        trace.stream().filter(span -> span.name().equals(name) && span.instance().equals(instance)).toList();
    assertThat(found).as("%s of %s in %s", name, instance, trace).hasSize(1);
    return found.getFirst();
  }
}
