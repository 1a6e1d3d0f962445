package dev.parley.parts;

/** A part is missing, does not start or has died. The message says to the user what to do. */
public final class PartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An exception with the line for the user, and sometimes the end of a log below it. */
  public PartException(String message) {
    super(message);
  }

  /** As above, with the cause for those who look deeper. */
  public PartException(String message, Throwable cause) {
    super(message, cause);
  }
}
