package dev.parley.chassis.errors;

import com.google.rpc.ErrorInfo;
import dev.parley.v1.ErrorReason;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that whatever ends a call ends it with a typed error: what is not one already becomes INTERNAL with an
 * incident number, under which the log has the cause. The outermost interceptor.
 */
public final class ErrorMappingInterceptor implements ServerInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorMappingInterceptor.class);

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    MappedCall<Q, A> mapped = new MappedCall<>(call);
    try {
      return new GuardedListener<>(next.startCall(mapped, headers), mapped);
    } catch (RuntimeException e) {
      mapped.fail(e);
      return new ServerCall.Listener<>() {};
    }
  }

  /** The typed refusal for a status that is none; null: it may go out as it is. */
  private static @Nullable StatusRuntimeException typed(Status status, Metadata trailers, String method) {
    if (isTyped(status, trailers)) {
      return null;
    }
    return switch (status.getCode()) {
      // The transport's own limit on the size of a message.
      case RESOURCE_EXHAUSTED -> Errors.status(ErrorReason.ERROR_REASON_TOO_LARGE, "the message is too large");
      // The caller went away, asked for too little time, or calls what this version does not have.
      case OK, CANCELLED, DEADLINE_EXCEEDED, UNIMPLEMENTED -> null;
      default -> internal(status, method);
    };
  }

  private static StatusRuntimeException internal(Status status, String method) {
    String incident = Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
    LOG.error("incident {} in {}: {}", incident, method, status.getDescription(), status.getCause());
    return Errors.status(
        ErrorReason.ERROR_REASON_INTERNAL,
        "a fault of the server; tell the operator the incident " + incident,
        Map.of("incident", incident));
  }

  private static boolean isTyped(Status status, Metadata trailers) {
    com.google.rpc.Status details = StatusProto.fromStatusAndTrailers(status, trailers);
    ErrorInfo info = details == null ? null : Errors.info(details);
    return info != null;
  }

  private static final class MappedCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private boolean closed;

    MappedCall(ServerCall<Q, A> call) {
      super(call);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      closed = true;
      StatusRuntimeException typed =
          status.isOk() ? null : typed(status, trailers, getMethodDescriptor().getFullMethodName());
      if (typed == null) {
        super.close(status, trailers);
      } else {
        super.close(typed.getStatus(), Errors.trailers(typed));
      }
    }

    void fail(RuntimeException e) {
      if (closed) {
        LOG.error("{} failed after its end", getMethodDescriptor().getFullMethodName(), e);
        return;
      }
      Metadata trailers = Status.trailersFromThrowable(e);
      close(Status.fromThrowable(e), trailers == null ? new Metadata() : trailers);
    }
  }

  /** Turns what a service throws into the end of the call. Errors of the virtual machine go on to gRPC. */
  private static final class GuardedListener<Q> extends SimpleForwardingServerCallListener<Q> {
    private final MappedCall<Q, ?> call;

    GuardedListener(ServerCall.Listener<Q> listener, MappedCall<Q, ?> call) {
      super(listener);
      this.call = call;
    }

    @Override
    public void onMessage(Q message) {
      try {
        super.onMessage(message);
      } catch (RuntimeException e) {
        call.fail(e);
      }
    }

    @Override
    public void onHalfClose() {
      try {
        super.onHalfClose();
      } catch (RuntimeException e) {
        call.fail(e);
      }
    }

    @Override
    public void onReady() {
      try {
        super.onReady();
      } catch (RuntimeException e) {
        call.fail(e);
      }
    }

    @Override
    public void onCancel() {
      try {
        super.onCancel();
      } catch (RuntimeException e) {
        LOG.error("{} failed when it was cancelled", call.getMethodDescriptor().getFullMethodName(), e);
      }
    }

    @Override
    public void onComplete() {
      try {
        super.onComplete();
      } catch (RuntimeException e) {
        LOG.error("{} failed after its end", call.getMethodDescriptor().getFullMethodName(), e);
      }
    }
  }
}
