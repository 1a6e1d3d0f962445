package dev.parley.sdk;

import dev.parley.v1.Head;
import dev.parley.v1.Heads;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Notices that the newest event of a conversation got lost though nothing follows it. Compares the digest of heads, asks
 * for all heads when it differs while nothing seems to be on its way, and suspects each conversation whose announced
 * head has not come. A suspicion that outlives its grace is a loss.
 */
final class HeadWatch {
  /** Events younger than this say that more may be on its way. */
  private static final long BUSY_MILLIS = 500;
  /** After so many differences in a row the heads are asked for even when events keep coming. */
  private static final int PATIENCE = 3;
  /** How long an announced head may take when nothing else comes; at most one heartbeat. */
  private static final long GRACE_MILLIS = 2_000;

  private final Map<String, Follow> follows;
  private final List<Follow> unhashed = new ArrayList<>();
  private final List<Suspect> suspects = new ArrayList<>();
  private long digest;
  private int differences;
  private boolean asked;
  private long lastEventAt = Long.MIN_VALUE;
  private long nextCheck = Outbox.NEVER;

  HeadWatch(Map<String, Follow> follows) {
    this.follows = follows;
  }

  void changed(Follow follow, long now) {
    lastEventAt = now;
    if (!follow.unhashed) {
      follow.unhashed = true;
      unhashed.add(follow);
    }
  }

  /**
   * Takes a Heads frame.
   *
   * @param idle catching up is over and no command is under way
   * @return whether a HeadsRequest shall be sent
   */
  boolean heard(Heads heads, boolean idle, long heartbeatMillis, long now) {
    for (Head head : heads.getHeadsList()) {
      suspect(head, heartbeatMillis, now);
    }
    if (heads.getAll()) {
      asked = false;
      return false;
    }
    if (digest() == heads.getDigest()) {
      differences = 0;
      return false;
    }
    differences++;
    boolean quiet = idle && now - lastEventAt >= BUSY_MILLIS;
    if (asked || !(quiet || differences >= PATIENCE)) {
      return false;
    }
    asked = true;
    differences = 0;
    return true;
  }

  private void suspect(Head head, long heartbeatMillis, long now) {
    long last = last(head.getConversationId());
    if (last >= head.getSeq()) {
      return;
    }
    for (Suspect known : suspects) {
      if (known.conversationId.equals(head.getConversationId())) {
        known.head = Math.max(known.head, head.getSeq());
        return;
      }
    }
    suspects.add(new Suspect(head.getConversationId(), head.getSeq(), last, now));
    nextCheck = Math.min(nextCheck, now + grace(heartbeatMillis));
  }

  /** A conversation whose announced events were lost, when there is one. */
  @Nullable Violation check(long heartbeatMillis, long now) {
    if (now < nextCheck) {
      return null;
    }
    nextCheck = Outbox.NEVER;
    for (Iterator<Suspect> each = suspects.iterator(); each.hasNext(); ) {
      Suspect suspect = each.next();
      long last = last(suspect.conversationId);
      if (last >= suspect.head) {
        each.remove();
        continue;
      }
      if (last > suspect.last) {
        suspect.last = last;
        suspect.since = now;
      }
      long age = now - suspect.since;
      boolean nothingCame = lastEventAt < suspect.since;
      if (age >= grace(heartbeatMillis) && (nothingCame || age >= 3 * heartbeatMillis)) {
        return new Violation(Violation.Kind.MISSING_HEAD, suspect.conversationId, suspect.head, Math.max(last, 0),
            "The server announced this head and did not send its events");
      }
      nextCheck = Math.min(nextCheck, now + grace(heartbeatMillis));
    }
    return null;
  }

  long nextCheck() {
    return nextCheck;
  }

  private long digest() {
    for (Follow follow : unhashed) {
      follow.unhashed = false;
      digest ^= follow.digestChange();
    }
    unhashed.clear();
    return digest;
  }

  private long last(String conversationId) {
    Follow follow = follows.get(conversationId);
    return follow == null ? -1 : follow.last();
  }

  private static long grace(long heartbeatMillis) {
    return Math.min(GRACE_MILLIS, heartbeatMillis);
  }

  private static final class Suspect {
    final String conversationId;
    long head;
    long last;
    long since;

    Suspect(String conversationId, long head, long last, long since) {
      this.conversationId = conversationId;
      this.head = head;
      this.last = last;
      this.since = since;
    }
  }
}
