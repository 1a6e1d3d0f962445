package dev.parley.router.shard;

import dev.parley.conversation.Refusal;

/** What became of a read mark. */
public sealed interface MarkAnswer {
  /** The mark as it is now: at least what was asked, and how many messages came after it. */
  record Marked(long readSeq, long unreadCount) implements MarkAnswer {}

  /** The user may not read there. */
  record Refused(Refusal refusal) implements MarkAnswer {}
}
