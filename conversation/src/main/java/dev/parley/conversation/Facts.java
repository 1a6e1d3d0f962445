package dev.parley.conversation;

import dev.parley.v1.Event;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Decider} needs to know beyond the state: what was read for it.
 *
 * @param target the event that {@link Decision.NeedsTarget} asked for; null: not read yet
 * @param search the outcome of {@link Decision.NeedsSearch}
 * @param blocked whether one of the two users of this direct conversation has blocked the other
 */
public record Facts(@Nullable Target target, Search search, boolean blocked) {
  /** Nothing was read, nobody is blocked. */
  public static final Facts NONE = new Facts(null, new Search.NotDone(), false);

  /** The same with this target. */
  public Facts withTarget(Target read) {
    return new Facts(read, search, blocked);
  }

  /** The same with this outcome of a search. */
  public Facts withSearch(Search outcome) {
    return new Facts(target, outcome, blocked);
  }

  /** The same with this answer to whether one blocks the other. */
  public Facts withBlocked(boolean isBlocked) {
    return new Facts(target, search, isBlocked);
  }

  /**
   * An event that was read from the log, or lies in a record on its way there.
   *
   * @param body BODY_NOT_SET and not deleted: there is no such event
   * @param deleted its body was cut
   */
  public record Target(long seq, String senderId, Event.BodyCase body, boolean deleted) {
    /** What was found. */
    public static Target of(Event event) {
      return new Target(event.getSeq(), event.getSenderId(), event.getBodyCase(), event.getDeleted());
    }

    /** The log has no such event. */
    public static Target absent(long seq) {
      return new Target(seq, "", Event.BodyCase.BODY_NOT_SET, false);
    }

    boolean isAbsent() {
      return body == Event.BodyCase.BODY_NOT_SET && !deleted;
    }
  }

  /** The outcome of looking for a client event id in the log. */
  public sealed interface Search {
    /** Nobody has searched. */
    record NotDone() implements Search {}

    /** It is not there. To be used at once: what is appended meanwhile is found by its recent id for 2 minutes. */
    record NotFound() implements Search {}

    /** It is not in what is left, and may have been in what was trimmed. */
    record Trimmed() implements Search {}

    /** It is at {@code seq}, with this hash of its body. */
    record Found(long seq, long bodyHash) implements Search {}
  }
}
