package dev.parley.chassis.resilience;

/** A hop did not make a call, or did not wait for its answer any longer. Without a stack trace: it is told often. */
public final class HopException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  HopException(Kind kind, String message) {
    super(message, null, false, false);
    this.kind = kind;
  }

  /** What it means for the caller. */
  public Kind kind() {
    return kind;
  }

  /** What it means for the caller. */
  public enum Kind {
    /** The call was not made: too many before it have failed. */
    OPEN,
    /** The call was not made: as many as may be are under way. */
    FULL,
    /** The call was made and may still have its effect: no answer came in time. */
    TIME_LIMIT
  }
}
