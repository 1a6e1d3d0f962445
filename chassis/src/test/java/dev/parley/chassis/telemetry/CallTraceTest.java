package dev.parley.chassis.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallTraceTest {
  private static final String IDS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";

  /** What a service finds when it is called with this header; empty: without one. */
  private static String found(String traceparent) {
    Metadata headers = new Metadata();
    if (!traceparent.isEmpty()) {
      headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), traceparent);
    }
    List<String> found = new ArrayList<>();
    new CallTrace()
        .interceptCall(
            new SilentCall(),
            headers,
            (call, unused) -> {
              found.add(CallTrace.current());
              return new ServerCall.Listener<>() {};
            });
    return found.getFirst();
  }

  @Test
  void theTraceOfASampledCallIsFound() {
    assertThat(found(IDS + "01")).isEqualTo(IDS + "01");
  }

  @Test
  void whatIsNotSampledOrNoTraceIsNot() {
    assertThat(found("")).isEmpty();
    assertThat(found(IDS + "00")).isEmpty();
    assertThat(found("01".repeat(5000))).isEmpty();
  }

  @Test
  void afterTheCallThereIsNone() {
    assertThat(found(IDS + "01")).isNotEmpty();
    assertThat(CallTrace.current()).isEmpty();
  }

  private static final class SilentCall extends ServerCall<HealthCheckRequest, HealthCheckResponse> {
    @Override
    public void request(int messages) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(HealthCheckResponse message) {}

    @Override
    public void close(Status status, Metadata trailers) {}

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public MethodDescriptor<HealthCheckRequest, HealthCheckResponse> getMethodDescriptor() {
      return HealthGrpc.getCheckMethod();
    }
  }
}
