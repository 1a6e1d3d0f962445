package dev.parley.conversation.history;

/**
 * The log does not hold what it must hold: a record that links name is missing also after all attempts, or is another
 * one. Either every reader is far behind, or the log has gone back.
 */
public final class BrokenHistoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long position;

  BrokenHistoryException(long position, String message) {
    super(message);
    this.position = position;
  }

  /** Where in the shard's log. */
  public long position() {
    return position;
  }
}
