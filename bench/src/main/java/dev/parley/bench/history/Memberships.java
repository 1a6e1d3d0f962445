package dev.parley.bench.history;

import dev.parley.v1.Event;
import dev.parley.v1.HistoryPolicy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who may read what of a conversation, worked out from the events on the log alone: what the server told its clients
 * about it is not believed. Not thread-safe.
 */
final class Memberships {
  private static final Ranges NOTHING = Ranges.of(List.of());

  private final Map<String, Ranges> byUser = new HashMap<>();
  private boolean begun;
  private boolean showsAll;

  /** The next event. */
  void add(Event event) {
    long seq = event.getSeq();
    switch (event.getBodyCase()) {
      case CREATED -> {
        begun = true;
        showsAll = event.getCreated().getHistoryPolicy() == HistoryPolicy.HISTORY_POLICY_ALL;
        join(event.getSenderId(), seq);
        event.getCreated().getMemberIdsList().forEach(user -> join(user, seq));
      }
      case MEMBERS_ADDED -> event.getMembersAdded().getUserIdsList().forEach(user -> join(user, seq));
      case MEMBER_JOINED -> join(event.getSenderId(), seq);
      case MEMBER_REMOVED -> end(event.getMemberRemoved().getUserId(), seq);
      case MEMBER_LEFT -> end(event.getSenderId(), seq);
      default -> {
        // Says nothing about who is a member.
      }
    }
  }

  /** What a user may read; null: not known, since the log does not go back to the conversation's creation. */
  @Nullable Ranges of(String userId) {
    return begun ? byUser.getOrDefault(userId, NOTHING) : null;
  }

  private void join(String userId, long seq) {
    Ranges before = byUser.getOrDefault(userId, NOTHING);
    if (!before.isOpen()) {
      byUser.put(userId, before.openedAt(showsAll ? 1 : seq));
    }
  }

  private void end(String userId, long seq) {
    Ranges before = byUser.getOrDefault(userId, NOTHING);
    if (before.isOpen()) {
      byUser.put(userId, before.closedAt(seq));
    }
  }
}
