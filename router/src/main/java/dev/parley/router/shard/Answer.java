package dev.parley.router.shard;

import com.google.protobuf.Timestamp;
import dev.parley.conversation.Refusal;
import dev.parley.v1.Cursor;
import dev.parley.v1.Durability;
import dev.parley.v1.Event;
import org.jspecify.annotations.Nullable;

/** How a command ended. */
public sealed interface Answer {
  /**
   * The command is on the log.
   *
   * @param event as stored; null when only its place is known (a repetition of something older)
   * @param repeated it had been stored by an earlier sending of the same id
   */
  record Stored(Cursor cursor, Timestamp time, long messageCount, boolean repeated, @Nullable Event event)
      implements Answer {
    /** As the contract says it. */
    public dev.parley.v1.Stored toProto(Durability durability) {
      dev.parley.v1.Stored.Builder stored =
          dev.parley.v1.Stored.newBuilder()
              .setCursor(cursor)
              .setTime(time)
              .setMessageCount(messageCount)
              .setDurability(durability)
              .setRepeated(repeated);
      if (event != null && (event.hasCreated() || event.hasMembersAdded())) {
        stored.setEvent(event); // these say more than the command
      }
      return stored.build();
    }
  }

  /** The command is not on the log, unless the reason is OUTCOME_UNKNOWN. */
  record Refused(Refusal refusal) implements Answer {}

  /**
   * This router does not own the shard, so the command has no outcome here: the one that does shall have it, with the
   * same id.
   *
   * @param mayBeStored a record that holds it was in flight, so it may be on the log
   */
  record Bounced(boolean mayBeStored) implements Answer {}
}
