package dev.parley.chassis.telemetry;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/**
 * Hands the trace that a call belongs to from its header {@code traceparent} to the service, with gRPC's own context.
 * The header is believed: whoever lets strangers in takes it off. Thread-safe.
 */
public final class CallTrace implements ServerInterceptor {
  private static final Metadata.Key<String> HEADER = Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<String> KEY = Context.keyWithDefault("parley.trace", "");

  /**
   * The context of the span that the current call is a part of, for {@link Traces#goOn}; empty: none is sampled. Valid on
   * the thread and during the callback in which gRPC calls the service.
   */
  public static String current() {
    return KEY.get();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String parent = headers.get(HEADER);
    if (parent == null || !Traces.isSampled(parent)) {
      return next.startCall(call, headers);
    }
    return Contexts.interceptCall(Context.current().withValue(KEY, parent), call, headers, next);
  }
}
