package dev.parley.conversation.log;

import dev.parley.v1.Durability;

/**
 * Everything a router or dispatcher stores, behind one door: the shards' logs, which are the truth, and the tables and read marks,
 * which are projections of them or of the users' wishes.
 *
 * <p>Thread-safe. Futures are completed on the adapter's threads: a caller with a thread of its own hops there first.
 * They fail with a {@link LogException} and nothing else.
 */
public interface Broker extends AutoCloseable {
  /** How the conversations are spread over shards: fixed when the log was first used. */
  Layout layout();

  /** The log of shard {@code shard}, 0 to {@code layout().shards() - 1}. The same object each time. */
  ShardLog shard(int shard);

  /** A table by name; created when it does not exist. */
  Table table(TableName name);

  /** The read marks of all shards. */
  MarkLog marks();

  /** Which routers there are. */
  Registry registry();

  /** Notices between routers. */
  Wakes wakes();

  /** Questions to routers. */
  Inquiries inquiries();

  /** What dispatchers read and write. */
  DispatchLog dispatch();

  /**
   * Runs this each time that the whole connection is there again after a break, when all that is listened to or watched
   * is heard again: what was said in between may have been missed. On a thread of the adapter, which it must not block.
   */
  void onReconnect(Runnable action);

  /** How safe an acknowledged append is, read from the broker itself where it tells. */
  Durability durability();

  /** Whether the broker can be reached right now. Never blocks. */
  boolean connected();

  /** Ends all connections. What is in flight fails with {@link LogException.Kind#UNKNOWN}. */
  @Override
  void close();

  /** The tables. */
  enum TableName {
    /** {@code members.{user}.{shard}}: a user's conversations. */
    CONVERSATION_LISTS,
    /** {@code {conversation}.a} and {@code .b}: the two newest snapshots of a conversation. */
    SNAPSHOTS,
    /** {@code {user}}: whom a user has blocked. */
    BLOCKS,
    /** {@code {user}}: name and picture, from the newest token. */
    PROFILES,
    /** {@code {user}}: what a user's presence lets others see. */
    PRESENCE_SETTINGS,
    /** {@code {shard}}: up to where the projections of a shard are written. */
    PROGRESS,
    /** {@code {user}}: devices that get pushes, and what the user wants to be told of. */
    PUSH_USERS,
    /** {@code {webhook}}: an endpoint of a partner's server. */
    WEBHOOKS,
    /** {@code {webhook}.{shard}}: up to where an endpoint has a shard. */
    WEBHOOK_CURSORS,
    /** {@code {user}}: since when a user's tokens must have been issued. */
    REVOCATIONS
  }
}
