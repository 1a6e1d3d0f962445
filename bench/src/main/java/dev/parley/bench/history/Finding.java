package dev.parley.bench.history;

/**
 * A promise that the history shows as broken.
 *
 * @param kind which one
 * @param text where, for a person
 */
public record Finding(Kind kind, String text) {
  /** Which promise was broken. */
  public enum Kind {
    /** Acknowledged and not on the log at its seq (P1). */
    ACKED_NOT_STORED,
    /** Refused and on the log (P1). */
    REFUSED_BUT_STORED,
    /** On the log twice, or acknowledged at two seqs (P3). */
    STORED_TWICE,
    /** A hole in the log itself (P2). */
    HOLE_IN_LOG,
    /** A client saw another event at a seq than the log or another client (P2). */
    DISAGREEMENT,
    /** A client did not get an event that it may read, though later ones came (P4). */
    GAP,
    /** A client got an event again (P4). */
    RECEIVED_TWICE,
    /** A client got an event after a newer one (P4). */
    REORDERED,
    /** A client got an event outside of what it may read (P8). */
    UNREADABLE,
    /** A client never got the newest events (P5, P6). */
    NOT_DELIVERED
  }
}
