package dev.parley.sdk;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.parley.v1.ErrorReason;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A call or command that was refused, or a stream that ended, with the reason that the server gave. Made without a stack
 * trace when it stands for an answer of the server, since that says nothing about this program.
 */
public final class ParleyException extends RuntimeException {
  private static final String PREFIX = "ERROR_REASON_";
  private static final long serialVersionUID = 1;

  private final Status.Code code;
  private final ErrorReason reason;
  private final transient Map<String, String> metadata;
  private final java.time.Duration retryAfter;
  private final String conversationId;

  private ParleyException(
      Status.Code code,
      ErrorReason reason,
      String message,
      Map<String, String> metadata,
      java.time.Duration retryAfter,
      String conversationId,
      @Nullable Throwable cause) {
    super(message, cause, false, cause != null);
    this.code = code;
    this.reason = reason;
    this.metadata = metadata;
    this.retryAfter = retryAfter;
    this.conversationId = conversationId;
  }

  /** Something this client says itself, in the same words as the server would. */
  static ParleyException local(Status.Code code, ErrorReason reason, String message) {
    return new ParleyException(code, reason, message, Map.of(), java.time.Duration.ZERO, "", null);
  }

  /** What an Error frame or a refused SendResult says. */
  public static ParleyException of(dev.parley.v1.Error error) {
    ErrorReason reason = reasonNamed(error.getInfo().getReason());
    return new ParleyException(
        Status.Code.UNKNOWN,
        reason,
        error.getInfo().getReason() + ": " + error.getMessage(),
        error.getInfo().getMetadataMap(),
        delay(error.getRetry().getRetryDelay()),
        error.getConversationId(),
        null);
  }

  /** What a failed call says: the reason in its details, or the status code alone when it has none. */
  public static ParleyException of(Throwable failure) {
    Throwable cause = unwrapped(failure);
    if (cause instanceof ParleyException already) {
      return already;
    }
    ErrorInfo info = ErrorInfo.getDefaultInstance();
    RetryInfo retry = RetryInfo.getDefaultInstance();
    com.google.rpc.Status details = StatusProto.fromThrowable(cause);
    if (details != null) {
      for (Any detail : details.getDetailsList()) {
        try {
          if (detail.is(ErrorInfo.class)) {
            info = detail.unpack(ErrorInfo.class);
          } else if (detail.is(RetryInfo.class)) {
            retry = detail.unpack(RetryInfo.class);
          }
        } catch (InvalidProtocolBufferException malformed) {
          cause.addSuppressed(malformed);
        }
      }
    }
    Status status = Status.fromThrowable(cause);
    String text = status.getDescription() == null ? String.valueOf(cause.getMessage()) : status.getDescription();
    return new ParleyException(
        status.getCode(),
        reasonNamed(info.getReason()),
        (info.getReason().isEmpty() ? status.getCode().name() : info.getReason()) + ": " + text,
        info.getMetadataMap(),
        delay(retry.getRetryDelay()),
        "",
        cause);
  }

  private static Throwable unwrapped(Throwable failure) {
    Throwable inner = failure;
    while ((inner instanceof CompletionException || inner instanceof ExecutionException) && inner.getCause() != null) {
      inner = inner.getCause();
    }
    return inner;
  }

  private static ErrorReason reasonNamed(String name) {
    for (ErrorReason reason : ErrorReason.values()) {
      if (reason.name().regionMatches(PREFIX.length(), name, 0, name.length())
          && reason.name().length() == PREFIX.length() + name.length()) {
        return reason;
      }
    }
    return ErrorReason.ERROR_REASON_UNSPECIFIED;
  }

  private static java.time.Duration delay(Duration delay) {
    return java.time.Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
  }

  /** The status code of the call; UNKNOWN for what came inside a stream. */
  public Status.Code code() {
    return code;
  }

  /** Why; ERROR_REASON_UNSPECIFIED when the server gave no reason that this client knows. */
  public ErrorReason reason() {
    return reason;
  }

  /** Details by key, as ErrorReason documents them. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** How long to wait before trying again; zero: the server did not say. */
  public java.time.Duration retryAfter() {
    return retryAfter;
  }

  /** The conversation that it is about; empty: none. */
  public String conversationId() {
    return conversationId;
  }

  /** Nobody can say whether the command was stored. Sending the same client event id again tells. */
  public boolean outcomeUnknown() {
    return reason == ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN;
  }

  /** Waiting helps: the same command with the same id may be accepted later. */
  public boolean retryable() {
    return switch (reason) {
      case ERROR_REASON_OVERLOADED,
          ERROR_REASON_BROKER_UNAVAILABLE,
          ERROR_REASON_MODERATION_UNAVAILABLE,
          ERROR_REASON_RATE_LIMITED,
          ERROR_REASON_DRAINING,
          ERROR_REASON_OUTCOME_UNKNOWN -> true;
      default -> false;
    };
  }

  /** The token was not accepted; another one may be. */
  public boolean tokenRefused() {
    return switch (reason) {
      case ERROR_REASON_TOKEN_MISSING,
          ERROR_REASON_TOKEN_INVALID,
          ERROR_REASON_TOKEN_EXPIRED,
          ERROR_REASON_TOKEN_REVOKED -> true;
      default -> code == Status.Code.UNAUTHENTICATED;
    };
  }
}
