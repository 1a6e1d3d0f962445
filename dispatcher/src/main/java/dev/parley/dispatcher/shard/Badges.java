package dev.parley.dispatcher.shard;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

  /**
   * A user is about to be told of messages of a conversation, oldest first.
   *
   * @return how many of the conversation the user has not read with these: one that was counted is not counted again
   */
  int begin(String userId, String conversationId, Collection<Waiting> messages) {
    Map<String, OnItsWay> mine = byUser.computeIfAbsent(userId, user -> new HashMap<>(2));
    OnItsWay before = newest(userId, conversationId, mine.get(conversationId));
    int count = before.messages;
    long seq = before.seq;
    for (Waiting one : messages) {
      if (one.seq() > seq) {
        count++;
        seq = one.seq();
      }
    }
    mine.put(conversationId, new OnItsWay(seq, count));
    return count;
  }

  private OnItsWay newest(String userId, String conversationId, @Nullable OnItsWay onItsWay) {
    Told told = history.told(userId, conversationId);
    OnItsWay there = told == null ? new OnItsWay(0, 0) : new OnItsWay(told.seq(), told.messages());
    return onItsWay != null && onItsWay.seq > there.seq ? onItsWay : there;
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
      int counted = told == null ? 0 : told.messages();
      messages += newest(userId, one.getKey(), one.getValue()).messages - counted;
    }
    return messages;
  }
}
