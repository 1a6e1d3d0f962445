package dev.parley.dispatcher.shard;

import java.util.HashMap;
import java.util.Map;

/**
 * How many messages a user was told of and has not read, over all conversations, with those that are on their way. Belongs
 * to the dispatcher's thread.
 */
final class Badges {
  private final History history;
  private final Map<String, Map<String, OnItsWay>> byUser = new HashMap<>();

  private record OnItsWay(long seq, int messages) {}

  Badges(History history) {
    this.history = history;
  }

  /** A user is about to be told of so many messages of a conversation, the newest with this seq. */
  void begin(String userId, String conversationId, long seq, int messages) {
    byUser.computeIfAbsent(userId, user -> new HashMap<>(2)).put(conversationId, new OnItsWay(seq, messages));
  }

  /** The user was told up to this seq, or will not be. */
  void end(String userId, String conversationId, long seq) {
    byUser.computeIfPresent(
        userId,
        (user, conversations) -> {
          conversations.computeIfPresent(conversationId, (id, one) -> one.seq > seq ? one : null);
          return conversations.isEmpty() ? null : conversations;
        });
  }

  int of(String userId) {
    int messages = history.unread(userId);
    for (Map.Entry<String, OnItsWay> one : byUser.getOrDefault(userId, Map.of()).entrySet()) {
      Told told = history.told(userId, one.getKey());
      messages += told != null && told.seq() >= one.getValue().seq ? 0 : one.getValue().messages;
    }
    return messages;
  }
}
