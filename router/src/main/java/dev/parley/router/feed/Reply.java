package dev.parley.router.feed;

import dev.parley.conversation.Refusal;
import dev.parley.router.shard.Answer;
import dev.parley.router.shard.FollowAnswer;
import dev.parley.router.shard.MarkAnswer;
import dev.parley.v1.Conversation;
import dev.parley.v1.Member;
import java.util.List;

/** What an owner answers to a {@link Question}. Immutable. */
public sealed interface Reply {
  /** To any question but a command: it is refused, or cannot be answered now. */
  record Refused(Refusal refusal) implements Reply {}

  /** To {@link Question.Submit}. */
  record OfCommand(Answer answer) implements Reply {}

  /** To {@link Question.Follow} and {@link Question.Position}. */
  record OfFollow(FollowAnswer answer) implements Reply {}

  /** To {@link Question.Mark}. */
  record OfMark(MarkAnswer answer) implements Reply {}

  /** To {@link Question.Describe}. */
  record OfConversation(Conversation conversation) implements Reply {}

  /** To {@link Question.ListMembers}. */
  record OfMembers(List<Member> members) implements Reply {
    public OfMembers {
      members = List.copyOf(members);
    }
  }

  /** To {@link Question.ListReaders}. */
  record OfReaders(Readers readers) implements Reply {}

  /** To {@link Question.Index}. */
  record OfIndex(HistoryIndex index) implements Reply {}

  /** To {@link Question.AwaitList}. */
  record Listed() implements Reply {}
}
