package dev.parley.gateway;

import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ErrorReason;

/**
 * Why a socket is closed, as the close frame says it: a number for programs, and beside it the name of an {@link
 * ErrorReason}. docs/protocol.md says what a client does.
 */
public enum CloseCode {
  /** The client ended it, or the stream has ended in order. */
  NORMAL(1000, false),
  /** A text message on a binary socket, or the other way round. */
  WRONG_KIND_OF_MESSAGE(1003, false),
  /** JSON or Protobuf that cannot be read, or text that is not UTF-8. */
  MALFORMED(1007, false),
  /** A message over the limit. */
  TOO_LARGE(1009, false),
  /** A fault of the server. */
  INTERNAL(1011, true),
  /** The gateway goes away: come back after the time that the error frame before it says. */
  DRAINING(1012, true),
  /** Too many sockets, or no router is ready. */
  OVERLOADED(1013, true),
  /** The stream was refused for a reason that has no number of its own: the text of the close frame names it. */
  REFUSED(4000, false),
  /** No token came in time. */
  TOKEN_MISSING(4001, false),
  /** The token cannot be accepted. */
  TOKEN_INVALID(4002, false),
  /** The token has ended. */
  TOKEN_EXPIRED(4003, false),
  /** A frame came where the protocol does not allow it, or bytes that are no WebSocket frame. */
  PROTOCOL_VIOLATION(4004, false),
  /** Too many messages in a short time. */
  RATE_LIMITED(4005, true),
  /** The socket took nothing for too long while something waited for it. */
  SLOW_READER(4006, true),
  /** Another session of the same device has taken this one's place. */
  DISPLACED(4007, false),
  /** Nothing was heard from the client for too long. */
  HEARTBEAT_MISSED(4008, true),
  /** The router went away: what has no answer is sent again with the same ids. */
  ROUTER_LOST(4009, true),
  /** An operator has ended the user's older tokens. */
  TOKEN_REVOKED(4010, false);

  private final int code;
  private final boolean comeBack;

  CloseCode(int code, boolean comeBack) {
    this.code = code;
    this.comeBack = comeBack;
  }

  /** As it stands in the close frame. */
  public int code() {
    return code;
  }

  /** Whether the client comes back by itself, after a wait, with its cursors. */
  public boolean comeBack() {
    return comeBack;
  }

  /** What a stream that ended for this reason closes its socket with. */
  static CloseCode of(ErrorReason reason) {
    return switch (reason) {
      case ERROR_REASON_TOKEN_MISSING -> TOKEN_MISSING;
      case ERROR_REASON_TOKEN_INVALID -> TOKEN_INVALID;
      case ERROR_REASON_TOKEN_EXPIRED -> TOKEN_EXPIRED;
      case ERROR_REASON_TOKEN_REVOKED -> TOKEN_REVOKED;
      case ERROR_REASON_MALFORMED -> MALFORMED;
      case ERROR_REASON_TOO_LARGE -> TOO_LARGE;
      case ERROR_REASON_PROTOCOL_VIOLATION, ERROR_REASON_INVALID_FIELD, ERROR_REASON_UNKNOWN_FRAME -> PROTOCOL_VIOLATION;
      case ERROR_REASON_RATE_LIMITED -> RATE_LIMITED;
      case ERROR_REASON_DRAINING -> DRAINING;
      case ERROR_REASON_OVERLOADED, ERROR_REASON_BROKER_UNAVAILABLE -> OVERLOADED;
      case ERROR_REASON_OUTCOME_UNKNOWN -> ROUTER_LOST;
      case ERROR_REASON_DISPLACED -> DISPLACED;
      case ERROR_REASON_HEARTBEAT_MISSED -> HEARTBEAT_MISSED;
      case ERROR_REASON_INTERNAL, ERROR_REASON_UNSPECIFIED -> INTERNAL;
      default -> REFUSED;
    };
  }

  /** The reason that the close frame names when nothing more is known. */
  ErrorReason reason() {
    return switch (this) {
      case NORMAL -> ErrorReason.ERROR_REASON_UNSPECIFIED;
      case WRONG_KIND_OF_MESSAGE, PROTOCOL_VIOLATION -> ErrorReason.ERROR_REASON_PROTOCOL_VIOLATION;
      case MALFORMED -> ErrorReason.ERROR_REASON_MALFORMED;
      case TOO_LARGE -> ErrorReason.ERROR_REASON_TOO_LARGE;
      case INTERNAL, REFUSED -> ErrorReason.ERROR_REASON_INTERNAL;
      case DRAINING -> ErrorReason.ERROR_REASON_DRAINING;
      case OVERLOADED -> ErrorReason.ERROR_REASON_OVERLOADED;
      case TOKEN_MISSING -> ErrorReason.ERROR_REASON_TOKEN_MISSING;
      case TOKEN_INVALID -> ErrorReason.ERROR_REASON_TOKEN_INVALID;
      case TOKEN_EXPIRED -> ErrorReason.ERROR_REASON_TOKEN_EXPIRED;
      case TOKEN_REVOKED -> ErrorReason.ERROR_REASON_TOKEN_REVOKED;
      case RATE_LIMITED -> ErrorReason.ERROR_REASON_RATE_LIMITED;
      case SLOW_READER -> ErrorReason.ERROR_REASON_LIMIT_EXCEEDED;
      case DISPLACED -> ErrorReason.ERROR_REASON_DISPLACED;
      case HEARTBEAT_MISSED -> ErrorReason.ERROR_REASON_HEARTBEAT_MISSED;
      case ROUTER_LOST -> ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN;
    };
  }

  /** The text of the close frame: the reason's name; empty for an end in order. */
  String text() {
    return this == NORMAL ? "" : Errors.name(reason());
  }
}
