package dev.parley.chassis.errors;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.parley.v1.ErrorReason;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes refusals: a gRPC status whose details hold a {@link ErrorInfo} with a reason of the contract and, where waiting
 * helps, a {@link RetryInfo}. Messages are shown to callers: they say what to do and nothing internal.
 */
public final class Errors {
  /** The domain of all reasons. */
  public static final String DOMAIN = "parley";

  private static final String PREFIX = "ERROR_REASON_";

  private Errors() {}

  /** The one table that says which status code a reason has. */
  public static Status.Code code(ErrorReason reason) {
    return switch (reason) {
      case ERROR_REASON_INVALID_FIELD,
          ERROR_REASON_MALFORMED,
          ERROR_REASON_UNKNOWN_FRAME,
          ERROR_REASON_TARGET_NOT_ALLOWED,
          ERROR_REASON_CLIENT_EVENT_ID_IN_FUTURE ->
          Status.Code.INVALID_ARGUMENT;
      case ERROR_REASON_TOKEN_MISSING,
          ERROR_REASON_TOKEN_INVALID,
          ERROR_REASON_TOKEN_EXPIRED,
          ERROR_REASON_TOKEN_REVOKED ->
          Status.Code.UNAUTHENTICATED;
      case ERROR_REASON_NOT_A_MEMBER,
          ERROR_REASON_ROLE_NOT_ALLOWED,
          ERROR_REASON_USER_BLOCKED,
          ERROR_REASON_OPERATOR_ONLY,
          ERROR_REASON_MODERATED ->
          Status.Code.PERMISSION_DENIED;
      case ERROR_REASON_CONVERSATION_NOT_FOUND,
          ERROR_REASON_EVENT_NOT_FOUND,
          ERROR_REASON_MEMBER_NOT_FOUND,
          ERROR_REASON_NOT_FOUND ->
          Status.Code.NOT_FOUND;
      case ERROR_REASON_CONVERSATION_EXISTS, ERROR_REASON_CLIENT_EVENT_ID_CONFLICT -> Status.Code.ALREADY_EXISTS;
      case ERROR_REASON_PROTOCOL_VIOLATION,
          ERROR_REASON_EVENT_NOT_EDITABLE,
          ERROR_REASON_WRONG_KIND,
          ERROR_REASON_LAST_OWNER,
          ERROR_REASON_CLIENT_EVENT_ID_TOO_OLD ->
          Status.Code.FAILED_PRECONDITION;
      case ERROR_REASON_TOO_LARGE,
          ERROR_REASON_LIMIT_EXCEEDED,
          ERROR_REASON_RATE_LIMITED,
          ERROR_REASON_LOG_FULL ->
          Status.Code.RESOURCE_EXHAUSTED;
      case ERROR_REASON_OVERLOADED,
          ERROR_REASON_BROKER_UNAVAILABLE,
          ERROR_REASON_DRAINING,
          ERROR_REASON_MODERATION_UNAVAILABLE ->
          Status.Code.UNAVAILABLE;
      case ERROR_REASON_OUTCOME_UNKNOWN -> Status.Code.DEADLINE_EXCEEDED;
      case ERROR_REASON_DISPLACED, ERROR_REASON_HEARTBEAT_MISSED -> Status.Code.ABORTED;
      case ERROR_REASON_INTERNAL, ERROR_REASON_UNSPECIFIED, UNRECOGNIZED -> Status.Code.INTERNAL;
    };
  }

  /** A refusal without further details. */
  public static StatusRuntimeException status(ErrorReason reason, String message) {
    return status(reason, message, Map.of(), null);
  }

  /** A refusal with the metadata that the reason's comment in the contract names. */
  public static StatusRuntimeException status(ErrorReason reason, String message, Map<String, String> metadata) {
    return status(reason, message, metadata, null);
  }

  /**
   * A refusal.
   *
   * @param retry how long to wait before trying again; null: waiting does not help
   */
  public static StatusRuntimeException status(
      ErrorReason reason, String message, Map<String, String> metadata, @Nullable Duration retry) {
    return StatusProto.toStatusRuntimeException(details(reason, message, metadata, retry));
  }

  /** The refusal as the message that travels in {@code grpc-status-details-bin}. */
  public static com.google.rpc.Status details(
      ErrorReason reason, String message, Map<String, String> metadata, @Nullable Duration retry) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(code(reason).value())
            .setMessage(message)
            .addDetails(Any.pack(info(reason, metadata)));
    if (retry != null) {
      status.addDetails(Any.pack(retry(retry)));
    }
    return status.build();
  }

  /** The reason as it is told, also in frames of a stream. */
  public static ErrorInfo info(ErrorReason reason, Map<String, String> metadata) {
    return ErrorInfo.newBuilder().setDomain(DOMAIN).setReason(name(reason)).putAllMetadata(metadata).build();
  }

  /** How long to wait, as it is told, also in frames of a stream. */
  public static RetryInfo retry(Duration delay) {
    return RetryInfo.newBuilder()
        .setRetryDelay(
            com.google.protobuf.Duration.newBuilder().setSeconds(delay.getSeconds()).setNanos(delay.getNano()))
        .build();
  }

  /** The reason's name without its prefix. */
  public static String name(ErrorReason reason) {
    return reason.name().substring(PREFIX.length());
  }

  /** The reason with this name; UNRECOGNIZED: a newer server's. */
  public static ErrorReason reason(ErrorInfo info) {
    try {
      return ErrorReason.valueOf(PREFIX + info.getReason());
    } catch (IllegalArgumentException e) {
      return ErrorReason.UNRECOGNIZED;
    }
  }

  /** The {@link ErrorInfo} of a refused call; null: it carries none of ours. */
  public static @Nullable ErrorInfo info(Throwable refusal) {
    com.google.rpc.Status status = StatusProto.fromThrowable(refusal);
    return status == null ? null : info(status);
  }

  /** The {@link ErrorInfo} of a status; null: it carries none of ours. */
  static @Nullable ErrorInfo info(com.google.rpc.Status status) {
    for (Any detail : status.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        try {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          return info.getDomain().equals(DOMAIN) ? info : null;
        } catch (InvalidProtocolBufferException e) {
          return null;
        }
      }
    }
    return null;
  }

  /** The trailers that carry a refusal's details. */
  public static Metadata trailers(StatusRuntimeException refusal) {
    Metadata trailers = refusal.getTrailers();
    return trailers == null ? new Metadata() : trailers;
  }
}
