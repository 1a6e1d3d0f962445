package dev.parley.router.feed;

import dev.parley.router.shard.CommittedRecord;
import dev.parley.v1.Receipt;
import org.jspecify.annotations.Nullable;

/** One thing in a batch. Immutable. */
public sealed interface Item {
  /** A record of a followed conversation is on the log. */
  record Record(CommittedRecord record) implements Item {}

  /** The answer to the question with this id. */
  record Answered(long id, Reply reply) implements Item {}

  /** Somebody has read; {@code onlyFor}: the one user whom it concerns. */
  record Read(Receipt receipt, @Nullable String onlyFor) implements Item {}

  /** Somebody is typing. */
  record Typing(String conversationId, String userId) implements Item {}
}
