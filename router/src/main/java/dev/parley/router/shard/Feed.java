package dev.parley.router.shard;

import dev.parley.v1.Receipt;
import org.jspecify.annotations.Nullable;

/**
 * Where an owner sends what its followers shall know. A follower is one of this router's event loops (bit {@code i} of
 * {@code followers}: loop {@code i}); each gets everything of one shard in the order of these calls.
 */
public interface Feed {
  /** A record is on the log. */
  void committed(long followers, CommittedRecord record);

  /** Somebody has read; {@code onlyFor}: the one user whom it concerns. */
  void receipt(long followers, Receipt receipt, @Nullable String onlyFor);

  /** Somebody is typing. */
  void typing(long followers, String conversationId, String userId);

  /**
   * A user has become a member, if only until the end of the same record, and the user's conversation list says what
   * became of it; told to all loops.
   */
  void added(String userId, String conversationId);
}
