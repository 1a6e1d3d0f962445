package dev.parley.router.shard;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.internal.v1.ReadMarkEntry;
import dev.parley.internal.v1.ReadMarks.Builder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The read marks of one shard: monotone, in memory, written as small messages that hold what changed. Each message also
 * repeats some marks that have not been written for long, so that after a round the beginning of the log can go.
 *
 * <p>Not thread-safe: belongs to the shard's thread.
 */
final class ReadMarks {
  /** Marks repeated in a message, so that the log stays about as long as one round of all marks. */
  private static final int REPEATED_PER_MESSAGE = 64;

  private final Map<String, Map<String, Mark>> byConversation = new HashMap<>();
  private final Set<Key> changed = new LinkedHashSet<>();
  /** Every writing of a mark, oldest first; only the newest of a mark counts. */
  private final ArrayDeque<Written> written = new ArrayDeque<>();
  private final Map<Key, Long> newestWriting = new HashMap<>();

  /** How far a user has read: the seq, and the conversation's message count there. */
  record Mark(long seq, long messageCount) {
    static final Mark NONE = new Mark(0, 0);
  }

  private record Key(String conversationId, String userId) {}

  private record Written(Key key, long position) {}

  /** A message to write, what it holds, and the older writings that it makes superfluous once it is stored. */
  record Message(byte[] bytes, Set<Key> marks, List<Written> repeats) {}

  Mark get(String conversationId, String userId) {
    return byConversation.getOrDefault(conversationId, Map.of()).getOrDefault(userId, Mark.NONE);
  }

  Map<String, Mark> of(String conversationId) {
    return byConversation.getOrDefault(conversationId, Map.of());
  }

  /** Nothing waits to be written. */
  boolean clean() {
    return changed.isEmpty();
  }

  /** Moves a mark forward; false: it was there or further already. */
  boolean advance(String conversationId, String userId, Mark mark) {
    Map<String, Mark> marks = byConversation.computeIfAbsent(conversationId, id -> new HashMap<>(4));
    Mark before = marks.getOrDefault(userId, Mark.NONE);
    if (mark.seq() <= before.seq()) {
      return false;
    }
    marks.put(userId, mark);
    changed.add(new Key(conversationId, userId));
    return true;
  }

  /** Folds a message of the log. */
  void fold(byte[] message, long position) throws InvalidProtocolBufferException {
    for (ReadMarkEntry entry : dev.parley.internal.v1.ReadMarks.parseFrom(message).getMarksList()) {
      Key key = new Key(entry.getConversationId(), entry.getUserId());
      advance(key.conversationId(), key.userId(), new Mark(entry.getSeq(), entry.getMessageCount()));
      changed.remove(key);
      wrote(key, position);
    }
  }

  /** What is to be written now; null: nothing has changed. At most {@code maxMarks} changed marks. */
  @Nullable Message next(int maxMarks) {
    if (changed.isEmpty()) {
      return null;
    }
    Set<Key> keys = new LinkedHashSet<>();
    var changes = changed.iterator();
    while (changes.hasNext() && keys.size() < maxMarks) {
      keys.add(changes.next());
      changes.remove();
    }
    List<Written> repeats = new ArrayList<>();
    while (repeats.size() < REPEATED_PER_MESSAGE && !written.isEmpty()) {
      Written oldest = written.removeFirst();
      if (isNewest(oldest)) {
        keys.add(oldest.key());
        repeats.add(oldest);
      }
    }
    Builder message = dev.parley.internal.v1.ReadMarks.newBuilder();
    for (Key key : keys) {
      Mark mark = get(key.conversationId(), key.userId());
      message.addMarks(
          ReadMarkEntry.newBuilder()
              .setConversationId(key.conversationId())
              .setUserId(key.userId())
              .setSeq(mark.seq())
              .setMessageCount(mark.messageCount()));
    }
    return new Message(message.build().toByteArray(), keys, repeats);
  }

  /** A message is on the log: the first position that is still needed. */
  long stored(Message message, long position) {
    message.marks().forEach(key -> wrote(key, position));
    while (!isNewest(written.peekFirst())) {
      written.removeFirst();
    }
    return written.peekFirst().position();
  }

  private void wrote(Key key, long position) {
    written.addLast(new Written(key, position));
    newestWriting.put(key, position);
  }

  private boolean isNewest(Written writing) {
    return newestWriting.getOrDefault(writing.key(), 0L) == writing.position();
  }

  /** A message may not be on the log: its marks are written again, and until then their older writings are needed. */
  void failed(Message message) {
    changed.addAll(message.marks());
    message.repeats().reversed().forEach(written::addFirst);
  }
}
