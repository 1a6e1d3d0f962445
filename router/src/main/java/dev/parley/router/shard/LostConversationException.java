package dev.parley.router.shard;

import dev.parley.conversation.history.UncoveredException;

/** A conversation that cannot be loaded as long as the log and its snapshots are what they are; it is in the log once. */
final class LostConversationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String incident;

  /** {@code incident}: what the log calls it. */
  LostConversationException(String incident, UncoveredException cause) {
    super(cause.getMessage(), cause);
    this.incident = incident;
  }

  String incident() {
    return incident;
  }
}
