package dev.parley.router.shard;

import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Membership;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.history.HistoryReader;
import dev.parley.conversation.history.TrimmedException;
import dev.parley.router.feed.Question;
import dev.parley.router.feed.Readers;
import dev.parley.router.shard.ReadMarks.Mark;
import dev.parley.v1.Conversation;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Member;
import dev.parley.v1.ResetReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Who follows what, and what a user may know of a conversation: answered from the state that is on the log. Belongs to
 * the shard's thread.
 */
final class Follows {
  private static final int NO_FOLLOWER = -1;

  private final Conversations conversations;
  private final HistoryReader history;
  private final Marks marks;
  private final Feed feed;
  private final Ownership ownership;

  Follows(
      Conversations conversations,
      HistoryReader history,
      Marks marks,
      Feed feed,
      Ownership ownership) {
    this.conversations = conversations;
    this.history = history;
    this.marks = marks;
    this.feed = feed;
    this.ownership = ownership;
  }

  /**
   * Makes a router a follower for a user. Everything that is committed after the answer is fed. Fails with a {@link
   * NotOwnerException} when another router owns the shard now.
   *
   * @param cursor where the client stands; null: nowhere yet
   * @param fromJoin without a cursor: starts at the event that made the user a member instead of at the head
   */
  CompletableFuture<FollowAnswer> follow(
      String conversationId, String userId, @Nullable Cursor cursor, boolean fromJoin, int follower) {
    return answer(conversationId, userId, cursor, fromJoin, follower);
  }

  /** What {@link #follow} would answer, without following. */
  CompletableFuture<FollowAnswer> position(String conversationId, String userId, Cursor cursor) {
    return answer(conversationId, userId, cursor, false, NO_FOLLOWER);
  }

  private CompletableFuture<FollowAnswer> answer(
      String conversationId, String userId, @Nullable Cursor cursor, boolean fromJoin, int follower) {
    return marks
        .loaded()
        .thenCompose(ready -> conversations.loaded(conversationId))
        .thenCompose(entry -> conversations.keepUntil(entry, looked(entry, userId, cursor)))
        .thenApply(looked -> begin(conversationId, userId, cursor, fromJoin, follower, looked));
  }

  /**
   * What was read for an answer.
   *
   * @param cursorHolds the log holds what the client has, as far as anybody can say
   * @param firstSeq the conversation's first event that is left
   */
  private record Looked(boolean cursorHolds, long firstSeq) {}

  private CompletableFuture<Looked> looked(ConversationEntry entry, String userId, @Nullable Cursor cursor) {
    return verified(entry, userId, cursor)
        .thenCompose(
            holds ->
                conversations
                    .firstSeq(entry)
                    .thenCompose(firstSeq -> whenSure(new Looked(holds, firstSeq))));
  }

  /** The same value, when what is in memory is certainly what is on the log. */
  private <T> CompletableFuture<T> whenSure(T value) {
    return ownership.sure().thenApply(sure -> value);
  }

  /**
   * Whether the log holds what the client has. A client that has more than this router knows of may come from a router
   * that has taken the shard just now: that must be known before the log is said to have gone back.
   */
  private CompletableFuture<Boolean> verified(ConversationEntry entry, String userId, @Nullable Cursor cursor) {
    return verify(entry, userId, cursor)
        .thenCompose(
            holds ->
                holds
                    ? whenSure(true)
                    : ownership.proven().thenCompose(proven -> verify(entry, userId, cursor)));
  }

  /** As far as this router knows. A stranger's cursor is not looked at. */
  private CompletableFuture<Boolean> verify(ConversationEntry entry, String userId, @Nullable Cursor cursor) {
    ConversationState state = entry.state;
    return cursor == null || state == null || state.member(userId) == null
        ? CompletableFuture.completedFuture(true)
        : history
            .verify(entry.id, cursor, state.cursor())
            .exceptionallyCompose(failure -> trimmed(failure));
  }

  /** A record that was trimmed does not tell that the log went back. */
  private CompletableFuture<Boolean> trimmed(Throwable failure) {
    TrimmedException trimmed = TrimmedException.in(failure);
    if (trimmed == null) {
      return CompletableFuture.failedFuture(failure);
    }
    conversations.trimmedBefore(trimmed.firstKept());
    return CompletableFuture.completedFuture(true);
  }

  private FollowAnswer begin(
      String conversationId,
      String userId,
      @Nullable Cursor cursor,
      boolean fromJoin,
      int follower,
      Looked looked) {
    ConversationEntry entry = conversations.entry(conversationId);
    ConversationState state = entry.state;
    Membership member = state == null ? null : state.member(userId);
    if (state == null || member == null) {
      return new FollowAnswer.Refused(notFound());
    }
    if (member.isCurrent() && follower != NO_FOLLOWER) {
      feed.follow(conversationId, follower);
    }
    Cursor head = state.describe(userId, 0, 0).getHead();
    long after = head.getSeq();
    if (cursor != null) {
      after = Math.min(cursor.getSeq(), head.getSeq());
    } else if (fromJoin) {
      after = member.joinedSeq() - 1;
    }
    Readable readable = new Readable(state.readable(userId));
    ResetReason reset = null;
    if (!looked.cursorHolds()) {
      reset = ResetReason.RESET_REASON_LOG_WENT_BACK;
      after = head.getSeq();
    } else if (readable.next(after + 1) < Math.min(looked.firstSeq(), head.getSeq() + 1)) {
      reset = ResetReason.RESET_REASON_TRIMMED;
      after = Math.min(looked.firstSeq() - 1, head.getSeq());
    }
    Mark mark = marks.get(conversationId, userId);
    return new FollowAnswer.Following(
        readable.from(looked.firstSeq()).ranges(),
        head,
        member.isCurrent(),
        after,
        mark.seq(),
        state.unread(userId, mark.seq(), mark.messageCount()),
        reset);
  }

  /** Tells the others that a member is typing; silently nothing if it cannot be. */
  void typing(String conversationId, String userId) {
    if (!feed.isFollowed(conversationId)) {
      return;
    }
    conversations
        .loaded(conversationId)
        .thenAccept(
            entry -> {
              Membership member = Objects.requireNonNull(entry.state).member(userId);
              if (member != null && member.isCurrent()) {
                feed.typing(conversationId, userId);
              }
            });
  }

  /** The conversation as its member or former member sees it. */
  CompletableFuture<Conversation> describe(String conversationId, String userId) {
    return asMember(
        conversationId,
        userId,
        (state, member, firstSeq) -> {
          Mark mark = marks.get(conversationId, userId);
          Conversation described = state.describe(userId, mark.seq(), mark.messageCount());
          Readable left = new Readable(described.getReadableList()).from(firstSeq);
          return described.toBuilder().clearReadable().addAllReadable(left.ranges()).build();
        });
  }

  /** Members in order of their ids, from the one after {@code afterUserId} on, or those that are asked for. */
  CompletableFuture<List<Member>> members(Question.ListMembers question) {
    String conversationId = question.conversationId();
    return asMember(
        conversationId,
        question.userId(),
        (state, asking, firstSeq) -> {
          if (!asking.isCurrent()) {
            throw new RefusedException(
                Refusal.of(ErrorReason.ERROR_REASON_NOT_A_MEMBER, "the user is no longer a member"));
          }
          boolean byName = state.memberCount() <= Marks.RECEIPTS_BY_NAME;
          return asked(state, question).stream()
              .map(
                  member ->
                      Member.newBuilder()
                          .setUserId(member.userId())
                          .setRole(member.role())
                          .setJoinedSeq(member.joinedSeq())
                          .setReadSeq(byName ? marks.get(conversationId, member.userId()).seq() : 0)
                          .build())
              .toList();
        });
  }

  private static List<Membership> asked(ConversationState state, Question.ListMembers question) {
    if (question.only().isEmpty()) {
      return state.members(question.afterUserId(), question.limit());
    }
    List<Membership> members = new ArrayList<>();
    for (String userId : question.only()) {
      Membership membership = state.member(userId);
      if (membership != null && membership.isCurrent()) {
        members.add(membership);
      }
    }
    return members;
  }

  /** Members and former members who may read an event, in order of their ids. */
  CompletableFuture<Readers> readers(Question.ListReaders question) {
    return marks
        .loaded()
        .thenCompose(ready -> conversations.loaded(question.conversationId()))
        .thenCompose(entry -> conversations.keepUntil(entry, whenSure(entry)))
        .thenApply(entry -> readers(Objects.requireNonNull(entry.state), question));
  }

  private Readers readers(ConversationState state, Question.ListReaders question) {
    String only = question.onlyUser();
    List<Readers.Reader> found =
        state.users().stream()
            .filter(user -> (only.isEmpty() || user.userId().equals(only)) && user.canRead(question.seq()))
            .limit(question.limit() + 1L)
            .map(
                user ->
                    new Readers.Reader(
                        user.userId(), user.isCurrent(), marks.get(state.conversationId(), user.userId()).seq()))
            .toList();
    boolean more = found.size() > question.limit();
    return new Readers(state.headSeq(), more ? found.subList(0, question.limit()) : found, more);
  }

  /** Answers a member or former member. */
  private interface MemberAnswer<T> {
    T of(ConversationState state, Membership member, long firstSeq);
  }

  private <T> CompletableFuture<T> asMember(String conversationId, String userId, MemberAnswer<T> answer) {
    return marks
        .loaded()
        .thenCompose(ready -> conversations.loaded(conversationId))
        .thenCompose(
            entry ->
                conversations.keepUntil(entry, conversations.firstSeq(entry).thenCompose(first -> whenSure(entry))))
        .thenApply(
            entry -> {
              ConversationState state = Objects.requireNonNull(entry.state);
              Membership member = state.member(userId);
              if (member == null) {
                throw new RefusedException(notFound());
              }
              return answer.of(state, member, entry.firstSeq);
            });
  }

  private static Refusal notFound() {
    return Refusal.of(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND, "no such conversation for this user");
  }
}
