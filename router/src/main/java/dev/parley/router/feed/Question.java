package dev.parley.router.feed;

import dev.parley.conversation.Request;
import dev.parley.v1.Cursor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an owner is asked. Each may be asked again, of the same owner or another, until there is an answer. Immutable. */
public sealed interface Question {
  /** Do a command; {@link Reply.OfCommand}. */
  record Submit(Request request) implements Question {}

  /**
   * Follow a conversation for a user; {@link Reply.OfFollow}.
   *
   * @param cursor where the client stands; null: nowhere yet
   * @param fromJoin without a cursor: begin at the event that made the user a member instead of at the head
   */
  record Follow(String conversationId, String userId, @Nullable Cursor cursor, boolean fromJoin) implements Question {}

  /** Where a user stands with a cursor; {@link Reply.OfFollow}, without following. */
  record Position(String conversationId, String userId, Cursor cursor) implements Question {}

  /** Move a read mark; {@link Reply.OfMark}. */
  record Mark(String userId, String conversationId, long seq) implements Question {}

  /** Describe a conversation to a user; {@link Reply.OfConversation}. */
  record Describe(String conversationId, String userId) implements Question {}

  /**
   * List members to a user; {@link Reply.OfMembers}.
   *
   * @param only those of them that are members, without {@code afterUserId} and {@code limit}; empty: all members
   */
  record ListMembers(String conversationId, String userId, String afterUserId, int limit, List<String> only)
      implements Question {
    public ListMembers {
      only = List.copyOf(only);
    }
  }

  /**
   * Say who may read an event, to an operator; {@link Reply.OfReaders}.
   *
   * @param onlyUser this one alone; empty: all
   * @param limit how many at most
   */
  record ListReaders(String conversationId, long seq, String onlyUser, int limit) implements Question {}

  /** Where a conversation's history lies; {@link Reply.OfIndex}. */
  record Index(String conversationId) implements Question {}

  /**
   * Something that only a newer release knows; refused. It is heard and never said.
   *
   * @see Reply.Refused
   */
  record Unknown() implements Question {}

  /** Answer when the user's conversation list holds everything that is stored now; {@link Reply.Listed}. */
  record AwaitList(String userId) implements Question {}
}
