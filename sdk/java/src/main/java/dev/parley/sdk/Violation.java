package dev.parley.sdk;

/**
 * The server broke a promise about order. The session has not passed on the offending event: after a {@link Kind#GAP}
 * or an {@link Kind#UNANNOUNCED} frame it resumes on a new stream from its cursors, the other kinds are dropped.
 *
 * @param kind what was broken
 * @param conversationId where
 * @param seq the event that came, or the head that was announced
 * @param lastSeq the newest event of the conversation before it on that stream
 * @param detail for a person
 */
public record Violation(Kind kind, String conversationId, long seq, long lastSeq, String detail) {
  /** What was broken. */
  public enum Kind {
    /** Events between the last one and this one are missing though the user may read them. */
    GAP,
    /** The last event came again on the same stream. */
    DUPLICATE,
    /** An event older than the last one came on the same stream. */
    REORDERED,
    /** An event that lies outside of what the user may read. */
    UNREADABLE,
    /** An event of a conversation that no CatchUp named, or the outcome of a command that was never sent. */
    UNANNOUNCED,
    /** A head was announced and its events did not come. */
    MISSING_HEAD,
    /** A stream did not go on at the cursor that it was given, and no Reset said why. */
    RESUMED_ELSEWHERE
  }
}
