package dev.parley.dispatcher.push;

/**
 * A provider failed to answer as it should: a status 5xx without advice, or one that blames this side's credentials.
 * Names neither devices nor contents. Without a stack trace: it is told often.
 */
public final class ProviderException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With one line for the log. */
  public ProviderException(String message) {
    super(message, null, false, false);
  }
}
