package dev.parley.router.session;

import dev.parley.internal.v1.DeliveredAnswer;
import dev.parley.internal.v1.DeliveredQuestion;
import dev.parley.internal.v1.DeliveredSeq;
import dev.parley.internal.v1.DeviceHas;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Up to where the devices with sessions here have acknowledged their conversations, so that they get no push for what
 * they have. In memory only, for the 200,000 devices and conversations whose conversation moved last, some 25 MB when
 * full, and for 25,000 devices of one conversation: a device that was forgotten gets a push that it did not need.
 *
 * <p>Thread-safe: parts by conversation, each with a lock of its own.
 */
public final class Acknowledged {
  private static final int MOST = 200_000;
  private static final int PARTS = 4;
  /** At most 220 bytes each. */
  private static final int DEVICES_IN_PART = 2_000;

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

  /** Which devices have what is asked for: the parts of a {@link DeliveredAnswer} to a {@link DeliveredQuestion}. */
  public List<byte[]> answer(DeliveredQuestion asked) {
    List<DeviceHas> has = new ArrayList<>();
    for (int i = 0; i < asked.getSeqsCount(); i++) {
      DeliveredSeq seq = asked.getSeqs(i);
      part(seq.getConversationId()).answer(i, seq, has);
    }
    List<byte[]> parts = new ArrayList<>();
    for (int from = 0; from == 0 || from < has.size(); from += DEVICES_IN_PART) {
      List<DeviceHas> some = has.subList(from, Math.min(has.size(), from + DEVICES_IN_PART));
      parts.add(DeliveredAnswer.newBuilder().addAllHas(some).build().toByteArray());
    }
    return parts;
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
      if (devices.size() < most / 2 || devices.containsKey(device)) {
        size += devices.put(device, Math.max(seq, devices.getOrDefault(device, 0L))) == null ? 1 : 0;
      }
      byConversation.putLast(conversationId, devices);
      while (size > most && byConversation.size() > 1) {
        size -= byConversation.pollFirstEntry().getValue().size();
      }
    }

    synchronized void answer(int index, DeliveredSeq asked, List<DeviceHas> answer) {
      byConversation
          .getOrDefault(asked.getConversationId(), Map.of())
          .forEach(
              (device, seq) -> {
                if (seq >= asked.getSeq()) {
                  answer.add(
                      DeviceHas.newBuilder()
                          .setQuestion(index)
                          .setUserId(device.userId)
                          .setDeviceId(device.deviceId)
                          .setSeq(seq)
                          .build());
                }
              });
    }
  }
}
