package dev.parley.bench.history;

import dev.parley.v1.Event;
import java.util.HashMap;
import java.util.Map;

/**
 * A conversation as it lies on the log in the end, read by somebody who may read all of it. Seqs that were not added
 * count as trimmed: nothing is said about them.
 *
 * <p>Not thread-safe.
 */
public final class FinalLog {
  private final Map<Long, Long> seqOfIdentity = new HashMap<>();
  private final LongList identities = new LongList();
  private final LongList bodies = new LongList();
  private final LongList doubled = new LongList();
  private long holes;

  /** Adds the next event; seqs must grow. */
  public void add(Event event) {
    long seq = event.getSeq();
    if (seq <= identities.size()) {
      throw new IllegalArgumentException("Event " + seq + " does not follow " + identities.size());
    }
    boolean first = identities.size() == 0;
    while (identities.size() < seq - 1) {
      identities.add(0);
      bodies.add(0);
      holes += first ? 0 : 1;
    }
    long identity = EventHash.identity(event.getSenderId(), event.getClientEventId());
    identities.add(identity);
    bodies.add(EventHash.body(event));
    if (seqOfIdentity.putIfAbsent(identity, seq) != null) {
      doubled.add(seq);
    }
  }

  /** The newest event's seq. */
  public long head() {
    return identities.size();
  }

  /** Who sent the event under which id; 0: not there. */
  long identity(long seq) {
    return seq < 1 || seq > head() ? 0 : identities.get((int) seq - 1);
  }

  /** What the event says; 0: deleted or not there. */
  long body(long seq) {
    return seq < 1 || seq > head() ? 0 : bodies.get((int) seq - 1);
  }

  boolean holds(long identity) {
    return seqOfIdentity.containsKey(identity);
  }

  /** Seqs whose sender and id were on the log before. */
  LongList doubled() {
    return doubled;
  }

  /** Seqs missing between the first event and the head. */
  long holes() {
    return holes;
  }
}
