package dev.parley.conversation.log;

/** Why the broker did not do what was asked. */
public final class LogException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** An exception with what the broker or the connection said. */
  public LogException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** What it means for the asker. */
  public Kind kind() {
    return kind;
  }

  /** What it means for the asker. */
  public enum Kind {
    /** The expected position or revision is not the present one; nothing was written. */
    CONFLICT,
    /** It may have been written or not: no answer came, or none that decides. */
    UNKNOWN,
    /** It is certain that nothing was sent: there is no connection. */
    NOT_SENT,
    /** There is no room; nothing was written. */
    FULL,
    /** The broker refused for a reason that no waiting mends; nothing was written. */
    REFUSED
  }
}
