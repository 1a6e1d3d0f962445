package dev.parley.chassis.errors;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * For tests: remembers every call that a server ended with an error of no typed reason. Put outside of all other
 * interceptors. Thread-safe.
 */
public final class ConformanceInterceptor implements ServerInterceptor {
  private final List<String> violations = new CopyOnWriteArrayList<>();

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    return next.startCall(
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            com.google.rpc.Status details = StatusProto.fromStatusAndTrailers(status, trailers);
            if (!status.isOk() && (details == null || Errors.info(details) == null)) {
              violations.add(getMethodDescriptor().getFullMethodName() + ": " + status);
            }
            super.close(status, trailers);
          }
        },
        headers);
  }

  /** Method and status of each such call; empty is what a test wants. */
  public List<String> violations() {
    return List.copyOf(violations);
  }
}
