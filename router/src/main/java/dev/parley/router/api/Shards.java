package dev.parley.router.api;

import dev.parley.conversation.ConversationIds;
import dev.parley.router.shard.ShardHost;
import java.util.List;

/** All shards, in order of their numbers. */
public record Shards(List<ShardHost> all) {
  /** The one that holds a conversation. */
  public ShardHost of(String conversationId) {
    return all.get(ConversationIds.shardOf(conversationId, all.size()));
  }
}
