package dev.parley.gateway;

import com.google.protobuf.Descriptors;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.v1.ChatProto;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.PresenceProto;
import dev.parley.v1.PushProto;
import dev.parley.v1.WebhookProto;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unary calls in JSON, as the Connect protocol defines them: {@code POST /parley.v1.ChatService/Send}, the body and the
 * answer the JSON mapping of the method's messages. It knows the methods by their descriptors alone. Thread-safe.
 */
final class UnaryCalls {
  static final String JSON = "application/json";

  private static final Logger LOG = LoggerFactory.getLogger(UnaryCalls.class);
  private static final String PREFIX = "/parley.v1.";
  private static final int TIMEOUT_DIGITS = 10;

  private final GatewaySettings.HttpLimits limits;
  private final Map<String, Method> methods = new HashMap<>();
  private final AtomicInteger underWay = new AtomicInteger();

  private record Method(
      Descriptors.MethodDescriptor schema, MethodDescriptor<byte[], byte[]> call, Upstreams upstreams) {}

  /** Calls of clients to routers, and those of push and webhooks to dispatchers. */
  UnaryCalls(GatewaySettings.HttpLimits limits, Upstreams routers, Upstreams dispatchers) {
    this.limits = limits;
    add(ChatProto.getDescriptor(), routers);
    add(PresenceProto.getDescriptor(), routers);
    add(PushProto.getDescriptor(), dispatchers);
    add(WebhookProto.getDescriptor(), dispatchers);
  }

  private void add(Descriptors.FileDescriptor file, Upstreams upstreams) {
    for (Descriptors.ServiceDescriptor service : file.getServices()) {
      for (Descriptors.MethodDescriptor method : service.getMethods()) {
        MethodDescriptor<byte[], byte[]> call = Bytes.method(MethodType.UNARY, service.getFullName(), method.getName());
        methods.put("/" + call.getFullMethodName(), new Method(method, call, upstreams));
      }
    }
  }

  /** Whether something is asked of this class. */
  static boolean isCall(String path) {
    return path.startsWith(PREFIX);
  }

  /**
   * Makes the call that the request asks for.
   *
   * @param executor runs {@code answer}, once
   */
  void call(String path, FullHttpRequest request, Executor executor, Consumer<HttpAnswer> answer) {
    Method method = methods.get(path);
    if (method == null) {
      answer.accept(ConnectError.of(Status.Code.UNIMPLEMENTED, "there is no method " + path));
      return;
    }
    HttpAnswer refusal = refusal(method, request);
    if (refusal != null) {
      answer.accept(refusal);
      return;
    }
    DynamicMessage.Builder message = DynamicMessage.newBuilder(method.schema.getInputType());
    Duration timeout;
    try {
      Json.read(request.content().nioBuffer(), message);
      timeout = timeout(request.headers().get("connect-timeout-ms"));
    } catch (Json.MalformedException e) {
      answer.accept(ConnectError.of(ErrorReason.ERROR_REASON_MALFORMED, String.valueOf(e.getMessage())));
      return;
    }
    send(method, message.build().toByteArray(), timeout, headers(request), executor, answer);
  }

  private static @Nullable HttpAnswer refusal(Method method, FullHttpRequest request) {
    if (!request.method().equals(HttpMethod.POST)) {
      return HttpAnswer.text(HttpResponseStatus.METHOD_NOT_ALLOWED, "use POST").with("allow", "POST");
    }
    if (!isJson(request.headers()) || method.schema.isClientStreaming() || method.schema.isServerStreaming()) {
      return HttpAnswer.text(HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE, "unary methods in application/json alone are spoken here")
          .with("accept-post", JSON);
    }
    String encoding = request.headers().get(HttpHeaderNames.CONTENT_ENCODING);
    if (encoding != null && !encoding.equals("identity")) {
      return ConnectError.of(Status.Code.UNIMPLEMENTED, "bodies are not compressed here").with("accept-encoding", "identity");
    }
    String version = request.headers().get("connect-protocol-version");
    return version == null || version.equals("1")
        ? null
        : ConnectError.of(Status.Code.INVALID_ARGUMENT, "connect-protocol-version must be 1");
  }

  private static boolean isJson(HttpHeaders headers) {
    String type = headers.get(HttpHeaderNames.CONTENT_TYPE);
    return type != null
        && type.toLowerCase(Locale.ROOT).replace(" ", "").matches("application/json(;charset=\"?utf-8\"?)?");
  }

  private Duration timeout(@Nullable String asked) throws Json.MalformedException {
    if (asked == null) {
      return limits.callTimeout();
    }
    if (!asked.matches("\\d{1," + TIMEOUT_DIGITS + "}")) {
      throw new Json.MalformedException("connect-timeout-ms must be a number of at most " + TIMEOUT_DIGITS + " digits");
    }
    Duration timeout = Duration.ofMillis(Long.parseLong(asked));
    return timeout.compareTo(limits.callTimeout()) < 0 ? timeout : limits.callTimeout();
  }

  private static Metadata headers(FullHttpRequest request) {
    Metadata headers = new Metadata();
    String token = request.headers().get(HttpHeaderNames.AUTHORIZATION);
    if (token != null) {
      headers.put(SocketBridge.AUTHORIZATION, token);
    }
    return headers;
  }

  private void send(
      Method method, byte[] message, Duration timeout, Metadata headers, Executor executor, Consumer<HttpAnswer> answer) {
    ManagedChannel channel = method.upstreams.pick();
    if (channel == null) {
      answer.accept(ConnectError.of(ErrorReason.ERROR_REASON_OVERLOADED, "nobody can take this call now"));
      return;
    }
    if (underWay.incrementAndGet() > limits.concurrentCalls()) {
      underWay.decrementAndGet();
      answer.accept(ConnectError.of(ErrorReason.ERROR_REASON_OVERLOADED, "too many calls are under way"));
      return;
    }
    CallOptions options =
        CallOptions.DEFAULT
            .withExecutor(executor)
            .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)
            .withMaxInboundMessageSize(limits.answerBytes());
    ClientCall<byte[], byte[]> call = channel.newCall(method.call, options);
    call.start(new Answer(method, answer), headers);
    call.sendMessage(message);
    call.halfClose();
    call.request(2);
  }

  private final class Answer extends ClientCall.Listener<byte[]> {
    private final Method method;
    private final Consumer<HttpAnswer> answer;
    private byte[] message = {};

    Answer(Method method, Consumer<HttpAnswer> answer) {
      this.method = method;
      this.answer = answer;
    }

    @Override
    public void onMessage(byte[] received) {
      message = received;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      underWay.decrementAndGet();
      answer.accept(status.isOk() ? good() : ConnectError.of(status, trailers));
    }

    private HttpAnswer good() {
      try {
        String json = Json.write(DynamicMessage.parseFrom(method.schema.getOutputType(), message));
        return new HttpAnswer(
            HttpResponseStatus.OK, JSON, json.getBytes(StandardCharsets.UTF_8), Map.of("cache-control", "no-store"));
      } catch (InvalidProtocolBufferException e) {
        LOG.error("the answer of {} cannot be read", method.call.getFullMethodName(), e);
        return ConnectError.of(ErrorReason.ERROR_REASON_INTERNAL, "the answer cannot be read");
      }
    }
  }
}
