package dev.parley.chassis.errors;

import com.google.protobuf.Message;
import dev.parley.v1.ErrorReason;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.util.Map;

/**
 * Refuses requests that break a rule of the contract with INVALID_FIELD, before the service sees them. Streams of
 * requests pass: their frames are checked where one bad frame need not end the stream.
 */
public final class ValidationInterceptor implements ServerInterceptor {
  private final Validation validation;

  /** With the rules to apply. */
  public ValidationInterceptor(Validation validation) {
    this.validation = validation;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    ServerCall.Listener<Q> listener = next.startCall(call, headers);
    return call.getMethodDescriptor().getType().clientSendsOneMessage()
        ? new CheckedListener<>(listener, call, validation)
        : listener;
  }

  private static final class CheckedListener<Q> extends SimpleForwardingServerCallListener<Q> {
    private final ServerCall<Q, ?> call;
    private final Validation validation;
    private boolean refused;

    CheckedListener(ServerCall.Listener<Q> listener, ServerCall<Q, ?> call, Validation validation) {
      super(listener);
      this.call = call;
      this.validation = validation;
    }

    @Override
    public void onMessage(Q request) {
      Validation.Violation violation = request instanceof Message message ? validation.check(message) : null;
      if (violation == null) {
        super.onMessage(request);
        return;
      }
      refused = true;
      StatusRuntimeException refusal =
          Errors.status(
              ErrorReason.ERROR_REASON_INVALID_FIELD,
              violation.field() + ": " + violation.message(),
              Map.of("field", violation.field()));
      call.close(refusal.getStatus(), Errors.trailers(refusal));
    }

    @Override
    public void onHalfClose() {
      // The service never saw the request: it must not see its end either.
      if (!refused) {
        super.onHalfClose();
      }
    }
  }
}
