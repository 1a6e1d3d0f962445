package dev.parley.router.shard;

import dev.parley.v1.Receipt;
import org.jspecify.annotations.Nullable;

/** Where an owner says what the routers that follow shall know; to each in the order of these calls. */
public interface Feed {
  /** A record is on the log. */
  void committed(CommittedRecord record);

  /** Somebody has read; {@code onlyFor}: the one user whom it concerns. */
  void receipt(Receipt receipt, @Nullable String onlyFor);

  /** Somebody is typing. */
  void typing(String conversationId, String userId);

  /** The router with this bit follows a conversation from here on. */
  void follow(String conversationId, int bit);

  /** Somebody follows this conversation. */
  boolean isFollowed(String conversationId);
}
