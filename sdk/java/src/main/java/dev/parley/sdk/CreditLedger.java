package dev.parley.sdk;

import dev.parley.v1.ClientFrame;
import dev.parley.v1.Credit;
import dev.parley.v1.Delivered;
import java.util.ArrayList;
import java.util.List;

/**
 * What one stream owes the server: how many frames were processed, and how far each changed conversation has come.
 * Acknowledges when a quarter of the server's window is used, a second after an event has come, so that no push is sent
 * for it, and once in a heartbeat in any case.
 */
final class CreditLedger {
  /** The contract's limit for one Credit frame. */
  private static final int DELIVERED_PER_FRAME = 1_000;

  /** A push is sent after three. */
  private static final long PROMPT_MILLIS = 1_000;

  private final List<Follow> unacknowledged = new ArrayList<>();
  private long processed;
  private long acknowledged;
  private long step = 1;
  private long intervalMillis = Outbox.NEVER;
  private long dueAt = Outbox.NEVER;

  /** The server has said its window and how often it wants to hear. */
  void agree(int windowFrames, long heartbeatMillis, long now) {
    step = Math.max(1, windowFrames / 4);
    intervalMillis = Math.max(1, heartbeatMillis * 3 / 4);
    dueAt = now + intervalMillis;
  }

  void frameProcessed() {
    processed++;
  }

  void delivered(Follow follow, long now) {
    if (unacknowledged.isEmpty() && dueAt != Outbox.NEVER) {
      dueAt = Math.min(dueAt, now + PROMPT_MILLIS);
    }
    if (!follow.unacknowledged) {
      follow.unacknowledged = true;
      unacknowledged.add(follow);
    }
  }

  boolean due(long now) {
    return dueAt != Outbox.NEVER && (processed - acknowledged >= step || now >= dueAt);
  }

  long dueAt() {
    return dueAt;
  }

  /** Acknowledges everything up to now. */
  void acknowledge(int stream, Wire wire, long now) {
    Credit.Builder credit = Credit.newBuilder().setFrames(processed);
    for (Follow follow : unacknowledged) {
      follow.unacknowledged = false;
      if (credit.getDeliveredCount() == DELIVERED_PER_FRAME) {
        wire.send(stream, ClientFrame.newBuilder().setCredit(credit).build());
        credit.clearDelivered();
      }
      credit.addDelivered(
          Delivered.newBuilder().setConversationId(follow.place.conversationId).setSeq(follow.last()));
    }
    unacknowledged.clear();
    wire.send(stream, ClientFrame.newBuilder().setCredit(credit).build());
    acknowledged = processed;
    dueAt = now + intervalMillis;
  }
}
