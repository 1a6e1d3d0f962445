package dev.parley.router.shadow;

/** Something that a client was sent, or was not, other than the log has it. */
public record Difference(Kind kind, String userId, String conversationId, long seq) {
  /** What is wrong. */
  public enum Kind {
    /** An event that the user may read was passed over. */
    MISSING,
    /** An event came twice. */
    DOUBLED,
    /** An event came behind a newer one. */
    REORDERED,
    /** An event came that the user may not read, or that is not on the log. */
    FOREIGN,
    /** An event is another one on the log. */
    DIFFERENT
  }
}
