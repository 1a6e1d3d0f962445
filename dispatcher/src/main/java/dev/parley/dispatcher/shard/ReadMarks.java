package dev.parley.dispatcher.shard;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.internal.v1.ReadMarkEntry;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Up to where users have read, of those who have devices: others are not told of anything. What a user read before the
 * first device was registered is not known, and not asked for: it is older than what is told of.
 *
 * <p>Belongs to the dispatcher's thread.
 */
public final class ReadMarks {
  private static final Logger LOG = LoggerFactory.getLogger(ReadMarks.class);

  private final Predicate<String> hasDevices;
  private final Listener listener;
  private final Map<String, Map<String, Long>> byUser = new HashMap<>();

  /** Who hears of marks. */
  public interface Listener {
    /** A user has read a conversation of this shard up to this event. */
    void read(int shard, String userId, String conversationId, long seq);
  }

  /** No marks yet. */
  public ReadMarks(Predicate<String> hasDevices, Listener listener) {
    this.hasDevices = hasDevices;
    this.listener = listener;
  }

  /** Folds the next message of a shard. */
  public void fold(int shard, StoredRecord stored) {
    try {
      for (ReadMarkEntry mark : dev.parley.internal.v1.ReadMarks.parseFrom(stored.bytes()).getMarksList()) {
        if (hasDevices.test(mark.getUserId())) {
          Map<String, Long> marks = byUser.computeIfAbsent(mark.getUserId(), user -> new HashMap<>(4));
          long before = marks.getOrDefault(mark.getConversationId(), 0L);
          if (mark.getSeq() > before) {
            marks.put(mark.getConversationId(), mark.getSeq());
            listener.read(shard, mark.getUserId(), mark.getConversationId(), mark.getSeq());
          }
        }
      }
    } catch (InvalidProtocolBufferException e) {
      LOG.error("the read marks at {} are not readable", stored.position(), e);
    }
  }

  /** Up to where a user has read a conversation; 0: nothing. */
  long of(String userId, String conversationId) {
    return byUser.getOrDefault(userId, Map.of()).getOrDefault(conversationId, 0L);
  }
}
