package dev.parley.chassis.auth;

import dev.parley.v1.ErrorReason;
import java.util.Objects;

/**
 * A token was not accepted. The reason is TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_REVOKED or OPERATOR_ONLY;
 * the message may be shown.
 */
public final class TokenException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ErrorReason reason;

  TokenException(ErrorReason reason, String message) {
    // Bad tokens are everyday input: no stack trace is collected for them.
    super(message, null, false, false);
    this.reason = reason;
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  /** Which of them it is. */
  public ErrorReason reason() {
    return reason;
  }
}
