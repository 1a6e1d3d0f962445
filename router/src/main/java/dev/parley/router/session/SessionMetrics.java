package dev.parley.router.session;

import dev.parley.chassis.telemetry.Traces;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.v1.ErrorReason;
import org.jspecify.annotations.Nullable;

/** What the sessions of a router tell of themselves. Thread-safe. */
public interface SessionMetrics {
  /** Counts nothing. */
  SessionMetrics NONE = new SessionMetrics() {};

  /** Where spans are made. */
  default Traces traces() {
    return Traces.NONE;
  }

  /** The present time, for {@link #answered}. */
  default long begin() {
    return 0;
  }

  /** A command that came at the time {@code begun} is answered; {@code refusal}: why it was refused; null: it is stored. */
  default void answered(long begun, @Nullable ErrorReason refusal) {}

  /** A command's session ended before its answer. */
  default void abandoned() {}

  /** So many events of this record were written to the stream of one who is in step ({@code live}), or who was behind. */
  default void delivered(CommittedRecord record, int events, boolean live) {}

  /** How a client that came with a cursor goes on. */
  default void resumed(Resume outcome) {}

  /** So many more conversations are followed by sessions, or fewer. */
  default void follows(int more) {}

  /** A session lacks something of a conversation and begins to read for it. */
  default void catchesUp() {}

  /** So many more sessions lack something, or fewer. */
  default void behind(int more) {}

  /** A session has so many frames that its client has not acknowledged that it gets nothing more for now. */
  default void creditStalled() {}

  /** Something was not sent, and nobody is told. */
  default void shed(Shed what) {}

  /** What becomes of a cursor. */
  enum Resume {
    /** From the next event on. */
    EXACT,
    /** From somewhere else, as the client is told. */
    RESET,
    /** Not at all. */
    FAILED
  }

  /** What may be left out. */
  enum Shed {
    /** Somebody types. */
    TYPING,
    /** Somebody has read. */
    RECEIPT,
    /** A state of presence that a newer one replaced before it was sent. */
    PRESENCE
  }
}
