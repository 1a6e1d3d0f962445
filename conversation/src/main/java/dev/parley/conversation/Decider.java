package dev.parley.conversation;

import dev.parley.conversation.Decision.Append;
import dev.parley.conversation.Decision.NeedsSearch;
import dev.parley.conversation.Decision.Refused;
import dev.parley.conversation.Decision.Repeated;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Decides what becomes of a command: pure, from the state, what was read for it, and the time.
 *
 * <p>The order of the questions is part of the promise. First the id's time, which tells nothing about the
 * conversation; then whether the user ever was a member, so that a stranger learns nothing; then whether the id was
 * seen, before anything that could be answered otherwise than the first time; only then what the user may do.
 *
 * <p>A command that changes nothing (adding members only, joining as a member, the same title again) still becomes an
 * event: so its id is stored, and sent again it gives the same seq like any other.
 */
public final class Decider {
  /** How old an id may be. Within this time the log can tell whether it was stored. */
  public static final Duration MAX_ID_AGE = Duration.ofDays(30);

  private Decider() {}

  /**
   * Decides a command.
   *
   * @param state with everything that was decided before, stored or not
   * @param now the owner's clock, never below the shard's newest record
   */
  public static Decision decide(
      ConversationState state, Request request, Facts facts, Instant now, ConversationLimits limits) {
    // Event times never go back, so neither does the time that ids are compared with.
    Instant time = now.isBefore(state.lastEventTime()) ? state.lastEventTime() : now;
    try {
      checkIdTime(request, time);
      Decision repeated = state.exists() ? repeated(state, request, facts) : null;
      return repeated != null ? repeated : decideNew(state, request, facts, time, limits);
    } catch (RefusedException e) {
      return new Refused(e.refusal());
    }
  }

  private static void checkIdTime(Request request, Instant time) {
    if (request.idTime().isAfter(time.plus(RecentIds.ALLOWED_AHEAD))) {
      throw new RefusedException(Refusal.of(
              ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_IN_FUTURE,
              "client_event_id lies more than " + RecentIds.ALLOWED_AHEAD.toSeconds()
                  + " s ahead; make it from Welcome.server_time")
          .with("server_time_ms", Long.toString(time.toEpochMilli())));
    }
    if (request.idTime().isBefore(time.minus(MAX_ID_AGE))) {
      throw refused(
          ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_TOO_OLD,
          "client_event_id is older than " + MAX_ID_AGE.toDays() + " days; look whether it is there, then use a new one");
    }
  }

  /** What the id alone decides; null: it is a new one. */
  private static @Nullable Decision repeated(ConversationState state, Request request, Facts facts) {
    if (state.member(request.userId()) == null) {
      // Nobody appends without ever having been a member.
      return null;
    }
    RecentIds.Entry recent = state.recentIds().find(request.fingerprint());
    if (recent != null) {
      return sameOrConflict(request, recent.seq(), recent.bodyHash());
    }
    if (Request.isDirectCreation(request.command())) {
      return new Repeated(1);
    }
    if (state.recentIds().coversFrom(request.idTime())) {
      return null;
    }
    return switch (facts.search()) {
      case Facts.Search.NotDone() -> new NeedsSearch(
          request.idTime().minus(RecentIds.ALLOWED_AHEAD), state.headSeq() - state.recentIds().size());
      case Facts.Search.NotFound() -> null;
      case Facts.Search.Trimmed() -> throw refused(
          ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_TOO_OLD,
          "client_event_id is older than what the log still holds; look whether it is there, then use a new one");
      case Facts.Search.Found(long seq, long bodyHash) -> sameOrConflict(request, seq, bodyHash);
    };
  }

  private static Decision sameOrConflict(Request request, long seq, long bodyHash) {
    if (bodyHash == request.bodyHash()) {
      return new Repeated(seq);
    }
    throw new RefusedException(Refusal.of(
            ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT,
            "client_event_id is stored at seq " + seq + " with another content; new content needs a new id")
        .with("seq", Long.toString(seq)));
  }

  private static Decision decideNew(
      ConversationState state, Request request, Facts facts, Instant time, ConversationLimits limits) {
    Event.Builder event = Event.newBuilder()
        .setSeq(state.headSeq() + 1)
        .setSenderId(request.userId())
        .setClientEventId(request.command().getClientEventId())
        .setTime(Timestamps.of(time))
        .setMessageCount(state.messageCount() + (request.command().hasMessage() ? 1 : 0));
    Command command = request.command();
    if (command.hasCreate()) {
      return new Append(event.setCreated(GroupRules.created(state, request, facts, limits)).build());
    }
    if (command.hasJoin() && state.exists()) {
      return new Append(event.setMemberJoined(GroupRules.joined(state, request, limits)).build());
    }
    Membership sender = senderOf(state, request);
    return switch (command.getActionCase()) {
      case MESSAGE, EDIT, DELETION, REACTION -> MessageRules.decide(state, sender, command, facts, limits, event);
      default -> new Append(GroupRules.decide(state, sender, command, limits, event));
    };
  }

  /** The sender, who must be a member. */
  private static Membership senderOf(ConversationState state, Request request) {
    Membership membership = state.member(request.userId());
    if (membership == null) {
      throw notFound();
    }
    if (!membership.isCurrent()) {
      throw refused(
          ErrorReason.ERROR_REASON_NOT_A_MEMBER, "no longer a member; what came before stays readable");
    }
    return membership;
  }

  static boolean isDirect(ConversationState state) {
    return state.kind() == ConversationKind.CONVERSATION_KIND_DIRECT;
  }

  static void requirePermission(Membership member, Permission permission) {
    if (!RoleTable.allows(member.role(), permission)) {
      throw refused(
          ErrorReason.ERROR_REASON_ROLE_NOT_ALLOWED, "this role may not " + permission.description());
    }
  }

  static RefusedException notFound() {
    return refused(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND, "no such conversation for this user");
  }

  static RefusedException refused(ErrorReason reason, String message) {
    return new RefusedException(Refusal.of(reason, message));
  }
}
