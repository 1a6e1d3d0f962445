package dev.parley.router.feed;

import dev.parley.v1.Term;
import java.util.List;

/** What a router says to the owner of a shard. Immutable. */
public sealed interface ToOwner {
  /**
   * Begins a feed, and ends the one before it.
   *
   * @param epoch counts one router's opens of a shard; everything that belongs to the feed carries it
   * @param view the number of the view by which the receiver is the owner
   * @param watermark up to where the log was fed already; 0: nothing was
   * @param term of the feed that brought it there
   * @param conversations that are followed
   */
  record Open(long epoch, long view, long watermark, Term term, List<String> conversations) implements ToOwner {
    public Open {
      conversations = List.copyOf(conversations);
    }
  }

  /**
   * A question or a command.
   *
   * @param id unique within the asking router and shard, growing
   * @param bytes what it counts against limits
   * @param again it was asked before, of this owner or another: it may have been done already
   */
  record Ask(long epoch, long id, Question question, int bytes, boolean again) implements ToOwner {}

  /** Nobody at that router follows this conversation any more. */
  record Unfollow(String conversationId) implements ToOwner {}

  /** A user of that router is typing. */
  record Typing(String conversationId, String userId) implements ToOwner {}

  /** The next owner, by the view with this number, asks the present one to stop. */
  record GiveAway(long view) implements ToOwner {}
}
