package dev.parley.conversation.history;

/**
 * The records that made a conversation's state were trimmed, and no snapshot holds what they said: what it is now
 * cannot be known any more. The log was trimmed further than its snapshots reach; only putting back one of them mends
 * that.
 */
public final class UncoveredException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UncoveredException(String conversationId, TrimmedException trimmed) {
    super("the log was trimmed up to position " + trimmed.firstKept() + ", and no snapshot of " + conversationId
        + " reaches there", trimmed);
  }
}
