package dev.parley.router.shard;

import dev.parley.chassis.config.Setting;
import dev.parley.conversation.ConversationLimits;
import java.time.Duration;

/** What one shard's owner holds at most. The limits inside a conversation are those of {@link ConversationLimits}. */
public record OwnerLimits(
    @Setting(value = "10000", doc = "Commands of a shard without an outcome; above it new ones are refused.")
    int waitingCommands,
    @Setting(value = "4MiB", doc = "The size of these commands, in bytes; above it new ones are refused.")
    long waitingBytes,
    @Setting(value = "1000", doc = "Commands a second in one conversation: bounds the recent ids that its state keeps.")
    int sendsPerSecond,
    @Setting(value = "60", doc = "How often a minute one user's old client event ids are searched in the log of a shard.")
    int searchesPerMinute,
    @Setting(value = "2000", doc = "Conversations of a shard in memory before those that nobody follows are dropped.")
    int loadedConversations,
    @Setting(value = "512KiB", doc = "Memory of a shard for its newest records, for those who are a little behind; at most 1 GiB.")
    long tailBytes,
    @Setting(value = "8", doc = "History reads of a shard at a time: the broker serves appends first.")
    int concurrentReads,
    @Setting(value = "256", doc = "Events in one answer to a reader.")
    int readEvents,
    @Setting(value = "256KiB", doc = "Bytes in one answer to a reader, though never less than one record.")
    long readBytes,
    @Setting(value = "256KiB", doc = "The size of a record, in bytes, at which no further command joins it.")
    int recordBytes,
    @Setting(value = "10s", doc = "How long a command may wait for its outcome.")
    Duration sendDeadline,
    @Setting(value = "500ms", doc = "How often read marks are written and receipts told.")
    Duration markInterval,
    @Setting(value = "250ms", doc = "How often deadlines are looked at.")
    Duration tick,
    @Setting(value = "5s", doc = "How often it is written how far the projections of a shard have come.")
    Duration saveProgress,
    @Setting(value = "500ms", doc = "How long read marks may take to be written when a shard is given away.")
    Duration giveAwayPatience,
    @Setting(value = "5s", doc = "After so long without a link to a living owner, commands for it are refused.")
    Duration unreachable,
    @Setting(
        value = "500ms",
        doc = "An owner that appended nothing for so long asks the log whether it still owns the shard before it answers.")
    Duration idleCheck) {
  /** What {@link #tailBytes} may be at most: 1 GiB. */
  static final long MOST_TAIL_BYTES = 1L << 30;

  public OwnerLimits {
    if (tailBytes < 0 || tailBytes > MOST_TAIL_BYTES) {
      throw new IllegalArgumentException("tail-bytes must be 0 to 1GiB, not " + tailBytes);
    }
  }
}
