package dev.parley.cli;

/** A command could not do its work. The message is one clear line that says what to do; no stack trace is shown. */
public final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the line for the user. */
  public CommandFailure(String message) {
    super(message);
  }

  /** With the line for the user and its cause. */
  public CommandFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
