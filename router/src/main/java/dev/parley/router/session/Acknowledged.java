package dev.parley.router.session;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.internal.v1.DeliveredAnswer;
import dev.parley.internal.v1.DeliveredQuestion;
import dev.parley.internal.v1.DeliveredSeq;
import dev.parley.internal.v1.DeviceHas;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Up to where the devices with sessions here have acknowledged their conversations, so that they get no push for what
 * they have. In memory only, for the 100,000 devices and conversations whose conversation moved last, some 15 MB when
 * full: a device that was forgotten gets a push that it did not need.
 *
 * <p>Thread-safe: parts by conversation, each with a lock of its own.
 */
public final class Acknowledged {
  private static final Logger LOG = LoggerFactory.getLogger(Acknowledged.class);
  private static final int MOST = 100_000;
  private static final int PARTS = 16;

  private final Part[] parts = new Part[PARTS];

  /** Nothing was acknowledged. */
  public Acknowledged() {
    for (int i = 0; i < PARTS; i++) {
      parts[i] = new Part(MOST / PARTS);
    }
  }

  /** A device has a conversation up to this event. */
  void put(String conversationId, String userId, String deviceId, long seq) {
    part(conversationId).put(conversationId, new Device(userId, deviceId), seq);
  }

  /** Which devices have what is asked for: a {@link DeliveredAnswer} to a {@link DeliveredQuestion}. */
  public byte[] answer(byte[] question) {
    DeliveredAnswer.Builder answer = DeliveredAnswer.newBuilder();
    try {
      DeliveredQuestion asked = DeliveredQuestion.parseFrom(question);
      for (int i = 0; i < asked.getSeqsCount(); i++) {
        DeliveredSeq seq = asked.getSeqs(i);
        part(seq.getConversationId()).answer(i, seq, answer);
      }
    } catch (InvalidProtocolBufferException e) {
      LOG.error("a dispatcher's question cannot be read", e);
    }
    return answer.build().toByteArray();
  }

  private Part part(String conversationId) {
    return parts[Math.floorMod(conversationId.hashCode(), PARTS)];
  }

  private record Device(String userId, String deviceId) {}

  /** Some of the conversations: the one that moved last is the last, and what is too much is dropped from the first on. */
  private static final class Part {
    private final int most;
    private final LinkedHashMap<String, Map<Device, Long>> byConversation = new LinkedHashMap<>();
    private int size;

    Part(int most) {
      this.most = most;
    }

    synchronized void put(String conversationId, Device device, long seq) {
      Map<Device, Long> devices = byConversation.remove(conversationId);
      if (devices == null) {
        devices = new HashMap<>(4);
      }
      if (devices.put(device, Math.max(seq, devices.getOrDefault(device, 0L))) == null) {
        size++;
      }
      byConversation.putLast(conversationId, devices);
      while (size > most && byConversation.size() > 1) {
        size -= byConversation.pollFirstEntry().getValue().size();
      }
    }

    synchronized void answer(int index, DeliveredSeq asked, DeliveredAnswer.Builder answer) {
      byConversation
          .getOrDefault(asked.getConversationId(), Map.of())
          .forEach(
              (device, seq) -> {
                if (seq >= asked.getSeq()) {
                  answer.addHas(
                      DeviceHas.newBuilder().setQuestion(index).setUserId(device.userId).setDeviceId(device.deviceId));
                }
              });
    }
  }
}
