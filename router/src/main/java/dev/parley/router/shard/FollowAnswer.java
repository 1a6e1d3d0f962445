package dev.parley.router.shard;

import dev.parley.conversation.Refusal;
import dev.parley.v1.Cursor;
import dev.parley.v1.ResetReason;
import dev.parley.v1.SeqRange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The owner's answer to one who wants to follow a conversation for a user. */
public sealed interface FollowAnswer {
  /**
   * From here on every record of the conversation is fed.
   *
   * @param readable what the user may read and the log still has, in order
   * @param head the newest event that the user may read
   * @param member false: a former member, of whom nothing new will come
   * @param afterSeq where to go on: the cursor's seq, the head, or what comes before the first event that is left
   * @param reset why the given cursor cannot be followed; null: it can
   */
  record Following(
      List<SeqRange> readable,
      Cursor head,
      boolean member,
      long afterSeq,
      long readSeq,
      long unreadCount,
      @Nullable ResetReason reset)
      implements FollowAnswer {
    /** Where to go on, as a cursor. Before the first event that is left there is no record, so that one has no position. */
    public Cursor next() {
      return afterSeq == head.getSeq() ? head : Cursor.newBuilder().setSeq(afterSeq).build();
    }
  }

  /** There is nothing to follow for this user, or not now. */
  record Refused(Refusal refusal) implements FollowAnswer {}
}
