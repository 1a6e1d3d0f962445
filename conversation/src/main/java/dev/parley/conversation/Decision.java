package dev.parley.conversation;

import dev.parley.v1.Event;
import java.time.Instant;

/** What {@link Decider} says to a command. */
public sealed interface Decision {
  /** It becomes this event: complete, with the seq after the state's head. Exactly one event per command. */
  record Append(Event event) implements Decision {}

  /** It was stored before, at this seq. */
  record Repeated(long seq) implements Decision {}

  /** It does not happen. */
  record Refused(Refusal refusal) implements Decision {}

  /** Read the event with this seq and ask again with it in the facts. */
  record NeedsTarget(long seq) implements Decision {}

  /**
   * The id may belong to an event older than the recent ids: search the log and ask again with the outcome.
   *
   * @param from events with this time or a later one
   * @param beforeSeq up to and including this seq: the newest that is not among the recent ids
   */
  record NeedsSearch(Instant from, long beforeSeq) implements Decision {}
}
