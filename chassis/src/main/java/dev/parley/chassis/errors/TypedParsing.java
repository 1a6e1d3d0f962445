package dev.parley.chassis.errors;

import dev.parley.v1.ErrorReason;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Makes a service refuse bytes that are no message with MALFORMED, and messages that are too large with TOO_LARGE. gRPC
 * parses before any interceptor runs and would answer with a bare status; here the parser returns its failure as a
 * value, which the call's listener turns into the refusal. Responses keep their marshallers.
 */
public final class TypedParsing {
  private TypedParsing() {}

  /**
   * The same service with such parsing. Apply it outside of the service's interceptors: they see plain messages.
   *
   * @param limit the largest message, in bytes. The transport's own limit must be larger, since it knows no reasons
   */
  public static ServerServiceDefinition of(ServerServiceDefinition service, int limit) {
    ServiceDescriptor original = service.getServiceDescriptor();
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(original.getName()).setSchemaDescriptor(original.getSchemaDescriptor());
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    service.getMethods().forEach(method -> methods.add(method(method, limit)));
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    ServerServiceDefinition.Builder typed = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(typed::addMethod);
    return typed.build();
  }

  private static <Q, A> ServerMethodDefinition<Parsed<Q>, A> method(ServerMethodDefinition<Q, A> original, int limit) {
    MethodDescriptor<Q, A> plain = original.getMethodDescriptor();
    MethodDescriptor<Parsed<Q>, A> typed =
        plain.toBuilder(new ParsedMarshaller<>(plain.getRequestMarshaller(), limit), plain.getResponseMarshaller())
            .build();
    ServerCallHandler<Q, A> handler = original.getServerCallHandler();
    return ServerMethodDefinition.create(
        typed, (call, headers) -> new ParsedListener<>(call, handler.startCall(new PlainCall<>(call, plain), headers)));
  }

  /** What came: a message, or the reason why it is none. */
  private sealed interface Parsed<Q> {
    record Good<Q>(Q message) implements Parsed<Q> {}

    record Bad<Q>(StatusRuntimeException refusal) implements Parsed<Q> {}
  }

  private record ParsedMarshaller<Q>(MethodDescriptor.Marshaller<Q> plain, int limit)
      implements MethodDescriptor.Marshaller<Parsed<Q>> {
    @Override
    public InputStream stream(Parsed<Q> parsed) {
      throw new UnsupportedOperationException("a server sends no requests");
    }

    @Override
    public Parsed<Q> parse(InputStream stream) {
      try {
        int size = stream.available();
        return size > limit ? new Parsed.Bad<>(tooLarge(size)) : new Parsed.Good<>(plain.parse(stream));
      } catch (StatusRuntimeException e) {
        // A compressed message has no size before it is read; then the transport's limit ends the reading.
        return new Parsed.Bad<>(
            e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED ? tooLarge(limit + 1) : malformed());
      } catch (IOException e) {
        return new Parsed.Bad<>(malformed());
      }
    }

    private StatusRuntimeException tooLarge(int size) {
      return Errors.status(
          ErrorReason.ERROR_REASON_TOO_LARGE,
          "the message is larger than " + limit + " bytes",
          Map.of("limit", Integer.toString(limit), "size", Integer.toString(size)));
    }

    private static StatusRuntimeException malformed() {
      return Errors.status(
          ErrorReason.ERROR_REASON_MALFORMED, "the bytes are no message of this method, or hold bad UTF-8");
    }
  }

  /** The call as the service and its interceptors know it. */
  private static final class PlainCall<Q, A> extends ForwardingServerCall<Q, A> {
    private final ServerCall<Parsed<Q>, A> call;
    private final MethodDescriptor<Q, A> method;

    PlainCall(ServerCall<Parsed<Q>, A> call, MethodDescriptor<Q, A> method) {
      this.call = call;
      this.method = method;
    }

    // The type of requests does not occur in what is forwarded.
    @SuppressWarnings("unchecked")
    @Override
    protected ServerCall<Q, A> delegate() {
      return (ServerCall<Q, A>) (ServerCall<?, A>) call;
    }

    @Override
    public MethodDescriptor<Q, A> getMethodDescriptor() {
      return method;
    }
  }

  private static final class ParsedListener<Q> extends ForwardingServerCallListener<Parsed<Q>> {
    private final ServerCall<Parsed<Q>, ?> call;
    private final ServerCall.Listener<Q> plain;
    private boolean refused;

    ParsedListener(ServerCall<Parsed<Q>, ?> call, ServerCall.Listener<Q> plain) {
      this.call = call;
      this.plain = plain;
    }

    // Nothing that is forwarded has a request in it; onMessage is not forwarded.
    @SuppressWarnings("unchecked")
    @Override
    protected ServerCall.Listener<Parsed<Q>> delegate() {
      return (ServerCall.Listener<Parsed<Q>>) (ServerCall.Listener<?>) plain;
    }

    @Override
    public void onMessage(Parsed<Q> parsed) {
      if (refused) {
        return;
      }
      switch (parsed) {
        case Parsed.Good<Q>(Q message) -> plain.onMessage(message);
        case Parsed.Bad<Q>(StatusRuntimeException refusal) -> refuse(refusal);
      }
    }

    private void refuse(StatusRuntimeException refusal) {
      refused = true;
      call.close(refusal.getStatus(), Errors.trailers(refusal));
      // To the service it is as if the caller had gone: it lets go of what it holds for the call.
      plain.onCancel();
    }

    @Override
    public void onHalfClose() {
      if (!refused) {
        super.onHalfClose();
      }
    }

    @Override
    public void onCancel() {
      if (!refused) {
        super.onCancel();
      }
    }

    @Override
    public void onComplete() {
      if (!refused) {
        super.onComplete();
      }
    }

    @Override
    public void onReady() {
      if (!refused) {
        super.onReady();
      }
    }
  }
}
