package dev.parley.gateway;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ErrorReason;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Why a stream ended, for its socket.
 *
 * @param code what the socket is closed with
 * @param info the router's own reason, or the one that fits a status that has none
 * @param message for a person who reads logs
 * @param retry how long to wait; null: waiting does not help, or nobody said
 */
record Refusal(CloseCode code, ErrorInfo info, String message, @Nullable Duration retry) {
  private static final Duration RETRY = Duration.ofSeconds(1);

  /** From the status and the trailers of a stream. */
  static Refusal of(Status status, Metadata trailers) {
    ErrorInfo info = Errors.info(status.asRuntimeException(trailers));
    if (info == null) {
      return bare(status);
    }
    String message = status.getDescription() == null ? "" : status.getDescription();
    return new Refusal(CloseCode.of(Errors.reason(info)), info, message, retry(status, trailers));
  }

  /** From the connection, not from the router. */
  private static Refusal bare(Status status) {
    return switch (status.getCode()) {
      case RESOURCE_EXHAUSTED -> of(CloseCode.TOO_LARGE, "a frame is too large", null);
      case UNAUTHENTICATED -> of(CloseCode.TOKEN_INVALID, "the token is not accepted", null);
      case UNAVAILABLE, CANCELLED, DEADLINE_EXCEEDED ->
          of(CloseCode.ROUTER_LOST, "the router went away; come back and send the same ids again", RETRY);
      default -> of(CloseCode.INTERNAL, "the stream ended with " + status.getCode(), RETRY);
    };
  }

  private static Refusal of(CloseCode code, String message, @Nullable Duration retry) {
    ErrorReason reason = code.reason();
    return new Refusal(code, Errors.info(reason, Map.of()), message, retry);
  }

  private static @Nullable Duration retry(Status status, Metadata trailers) {
    com.google.rpc.Status details = StatusProto.fromStatusAndTrailers(status, trailers);
    for (Any detail : details.getDetailsList()) {
      if (detail.is(RetryInfo.class)) {
        try {
          com.google.protobuf.Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
          return Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
        } catch (InvalidProtocolBufferException e) {
          return null;
        }
      }
    }
    return null;
  }
}
