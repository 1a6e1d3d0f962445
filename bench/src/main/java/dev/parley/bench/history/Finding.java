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
    /** A message on the log that its sender never sent (P1). */
    NEVER_SENT,
    /** A hole in the log itself (P2). */
    HOLE_IN_LOG,
    /** A client saw another event at a seq than the one on the log, so another than others saw (P2). */
    DISAGREEMENT,
    /** Sent after another one had been acknowledged, and stored before it (P2). */
    AGAINST_TIME,
    /** On the log twice (P3). */
    STORED_TWICE,
    /** The same id was acknowledged at two seqs: at once, or when it was sent again (P3). */
    ACKED_AT_TWO_SEQS,
    /** A client did not get an event that it may read, though later ones came (P4). */
    GAP,
    /** A client got an event again (P4). */
    RECEIVED_TWICE,
    /** A client got an event after a newer one (P4). */
    REORDERED,
    /** Events or outcomes came of which nothing had been said before (P4). */
    UNANNOUNCED,
    /** A client was told that the log went back, though it holds all that the client had (P4). */
    RESET_WITHOUT_CAUSE,
    /** A stream did not go on at the cursor with which the client came back (P5). */
    RESUMED_ELSEWHERE,
    /** A client never got the newest events, or nothing at all of a conversation that it may read (P5). */
    NOT_DELIVERED,
    /** A client that came was told a head below what had been acknowledged long before (P5). */
    STALE_HEAD,
    /** A head was announced and its event did not come until the stream was opened anew (P6). */
    MISSING_HEAD,
    /** A client got an event outside of what it may read (P8). */
    UNREADABLE
  }
}
