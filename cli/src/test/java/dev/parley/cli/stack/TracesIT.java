package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.cli.stack.SpanCollector.Span;
import dev.parley.pushlab.PushLabServer;
import dev.parley.pushlab.PushLabSettings;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.PushDevice;
import dev.parley.v1.RegisterPushDeviceRequest;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
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
        LiveStack parley =
            LiveStack.withRoutersAndDispatchers(
                data,
                2,
                1,
                "--parley.router.trace.endpoint=" + collector.endpoint(),
                "--parley.router.trace.ratio=1")) {
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

  private static Span one(List<Span> trace, String name, String instance) {
    List<Span> found =
        trace.stream().filter(span -> span.name().equals(name) && span.instance().equals(instance)).toList();
    assertThat(found).as("%s of %s in %s", name, instance, trace).hasSize(1);
    return found.getFirst();
  }
}
