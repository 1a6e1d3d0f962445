package dev.parley.gateway;

import com.google.protobuf.Descriptors;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.chassis.telemetry.Traced;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.v1.AdminProto;
import dev.parley.v1.ChatProto;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.PresenceProto;
import dev.parley.v1.PushProto;
import dev.parley.v1.WebhookProto;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.netty.channel.ChannelFuture;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unary calls in JSON, as the Connect protocol defines them: {@code POST /parley.v1.ChatService/Send}, the body and the
 * answer the JSON mapping of the method's messages. It knows the methods by their descriptors alone. Thread-safe.
 */
final class UnaryCalls {
  static final String JSON = "application/json";

  /**
   * What most answers fit into, in bytes. There is room for it before a call is made, so that what was done is not refused
   * afterwards because the answer does not fit; answers of this size are sent whatever others hold.
   */
  static final int SMALL_BYTES = 4 << 10;

  /** What is said when an answer does not fit beside those that are held. */
  static final String NO_ROOM = "too many answers wait to be taken";

  /** The trace that a call belongs to, as the edge says. */
  private static final Metadata.Key<String> TRACE = Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);

  private static final Logger LOG = LoggerFactory.getLogger(UnaryCalls.class);
  private static final String PREFIX = "/parley.v1.";
  private static final int TIMEOUT_DIGITS = 10;

  private final GatewaySettings.HttpLimits limits;
  private final Traces traces;
  private final Map<String, Method> methods = new HashMap<>();
  private final AtomicInteger underWay = new AtomicInteger();

  private record Method(
      Descriptors.MethodDescriptor schema, MethodDescriptor<byte[], byte[]> call, Upstreams upstreams) {}

  /** Whoever waits for an answer. */
  interface Client {
    /** Sends it, once. What is returned is done when it is written, or the client is gone. */
    ChannelFuture answer(HttpAnswer answer);
  }

  /**
   * Calls of clients to routers, and those of push and webhooks to dispatchers. {@code traces}: those that the edge has begun
   * are gone on with.
   */
  UnaryCalls(GatewaySettings.HttpLimits limits, Upstreams routers, Upstreams dispatchers, Traces traces) {
    this.limits = limits;
    this.traces = traces;
    add(ChatProto.getDescriptor(), routers);
    add(PresenceProto.getDescriptor(), routers);
    add(AdminProto.getDescriptor(), routers);
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
   * Makes the call that the request asks for. It counts as under way until its answer is written.
   *
   * @param held what the call and its answer take
   * @param executor runs what answers the client
   * @return the call, to be cancelled when its client is gone; null: it was refused
   */
  @Nullable ClientCall<?, ?> call(
      String path, FullHttpRequest request, ByteBudget.Share held, Executor executor, Client client) {
    Method method = methods.get(path);
    if (method == null) {
      client.answer(ConnectError.of(Status.Code.UNIMPLEMENTED, "there is no method " + path));
      return null;
    }
    HttpAnswer refusal = refusal(method, request);
    if (refusal != null) {
      client.answer(refusal);
      return null;
    }
    DynamicMessage.Builder message = DynamicMessage.newBuilder(method.schema.getInputType());
    Duration timeout;
    try {
      Json.read(request.content().nioBuffer(), message);
      timeout = timeout(request.headers().get("connect-timeout-ms"));
    } catch (Json.MalformedException e) {
      client.answer(ConnectError.of(ErrorReason.ERROR_REASON_MALFORMED, String.valueOf(e.getMessage())));
      return null;
    }
    CallOptions options =
        CallOptions.DEFAULT
            .withExecutor(executor)
            .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)
            .withMaxInboundMessageSize(limits.answerBytes());
    return send(method, message.build().toByteArray(), request.headers(), options, held, client);
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

  /** Whose call it is, and the trace that it belongs to; empty: none. */
  private static Metadata headers(HttpHeaders request, String trace) {
    Metadata headers = new Metadata();
    String token = request.get(HttpHeaderNames.AUTHORIZATION);
    if (token != null) {
      headers.put(SocketBridge.AUTHORIZATION, token);
    }
    if (!trace.isEmpty()) {
      headers.put(TRACE, trace);
    }
    return headers;
  }

  private @Nullable ClientCall<?, ?> send(
      Method method, byte[] message, HttpHeaders request, CallOptions options, ByteBudget.Share held, Client client) {
    ManagedChannel channel = method.upstreams.pick();
    if (channel == null) {
      client.answer(ConnectError.of(ErrorReason.ERROR_REASON_OVERLOADED, "nobody can take this call now"));
      return null;
    }
    if (underWay.incrementAndGet() > limits.concurrentCalls()) {
      underWay.decrementAndGet();
      client.answer(ConnectError.of(ErrorReason.ERROR_REASON_OVERLOADED, "too many calls are under way"));
      return null;
    }
    if (!held.hold(message.length + SMALL_BYTES)) {
      underWay.decrementAndGet();
      client.answer(ConnectError.of(ErrorReason.ERROR_REASON_OVERLOADED, NO_ROOM));
      return null;
    }
    String trace = request.get(TRACE.name(), "");
    Traced span = traces.goOn("pass", trace);
    Answer answer = new Answer(method, message.length, held, client, span);
    ClientCall<byte[], byte[]> call = channel.newCall(method.call, options.withStreamTracerFactory(answer.meter));
    answer.call = call;
    call.start(answer, headers(request, span == null ? trace : span.context()));
    call.sendMessage(message);
    call.halfClose();
    call.request(2);
    return call;
  }

  /** Takes the answer, and counts its bytes already while they come. */
  private final class Answer extends ClientCall.Listener<byte[]> {
    private final Method method;
    private final int requestBytes;
    private final ByteBudget.Share held;
    private final Client client;
    private final @Nullable Traced span;
    private final Meter meter = new Meter();
    private volatile @Nullable ClientCall<?, ?> call;
    private volatile boolean noRoom;
    private byte[] message = {};

    Answer(Method method, int requestBytes, ByteBudget.Share held, Client client, @Nullable Traced span) {
      this.method = method;
      this.requestBytes = requestBytes;
      this.held = held;
      this.client = client;
      this.span = span;
    }

    /** Runs on the event loop of the connection to the router. */
    private void received(long bytes) {
      ClientCall<?, ?> made = call;
      if (!held.hold(requestBytes + Math.max(SMALL_BYTES, bytes)) && made != null) {
        noRoom = true;
        made.cancel("there is no room for the answer", null);
      }
    }

    private final class Meter extends ClientStreamTracer.Factory {
      @Override
      public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
        return new ClientStreamTracer() {
          private long bytes;

          @Override
          public void inboundWireSize(long more) {
            bytes += more;
            received(bytes);
          }
        };
      }
    }

    @Override
    public void onMessage(byte[] received) {
      message = received;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      client
          .answer(answer(status, trailers))
          .addListener(
              written -> {
                underWay.decrementAndGet();
                passed(status.getCode());
              });
    }

    private void passed(Status.Code code) {
      if (span != null) {
        span.say("method", method.call.getFullMethodName());
        if (code == Status.Code.OK) {
          span.end();
        } else {
          span.fail(code.name());
        }
      }
    }

    private HttpAnswer answer(Status status, Metadata trailers) {
      if (noRoom) {
        return ConnectError.of(ErrorReason.ERROR_REASON_OVERLOADED, NO_ROOM);
      }
      return status.isOk() ? good() : ConnectError.of(status, trailers);
    }

    private HttpAnswer good() {
      byte[] received = message;
      // What is written is the JSON; it alone is kept.
      message = new byte[0];
      try {
        String json = Json.write(DynamicMessage.parseFrom(method.schema.getOutputType(), received));
        return new HttpAnswer(
            HttpResponseStatus.OK, JSON, json.getBytes(StandardCharsets.UTF_8), Map.of("cache-control", "no-store"));
      } catch (InvalidProtocolBufferException e) {
        LOG.error("the answer of {} cannot be read", method.call.getFullMethodName(), e);
        return ConnectError.of(ErrorReason.ERROR_REASON_INTERNAL, "the answer cannot be read");
      }
    }
  }
}
