package dev.parley.bench.history;

import dev.parley.v1.Event;
import org.jspecify.annotations.Nullable;

/**
 * A conversation as it lies on the log in the end, read by somebody who may read all of it. Seqs before the first one
 * that was added count as trimmed: nothing is said about them. Some 60 bytes an event.
 *
 * <p>Not thread-safe.
 */
public final class FinalLog {
  private final IdentityMap seqOfIdentity = new IdentityMap();
  private final Memberships memberships = new Memberships();
  private final LongList identities = new LongList();
  private final LongList bodies = new LongList();
  private final LongList senders = new LongList();
  private final LongList doubled = new LongList();
  private long holes;
  private long first = 1;

  /** Adds the next event; seqs must grow. */
  public void add(Event event) {
    long seq = event.getSeq();
    if (seq <= identities.size()) {
      throw new IllegalArgumentException("Event " + seq + " does not follow " + identities.size());
    }
    boolean beginning = identities.size() == 0;
    first = beginning ? seq : first;
    while (identities.size() < seq - 1) {
      identities.add(0);
      bodies.add(0);
      senders.add(0);
      holes += beginning ? 0 : 1;
    }
    long identity = EventHash.identity(event.getSenderId(), event.getClientEventId());
    identities.add(identity);
    bodies.add(EventHash.body(event));
    senders.add(event.hasMessage() ? EventHash.user(event.getSenderId()) : 0);
    memberships.add(event);
    if (seqOfIdentity.putIfAbsent(identity, seq) != 0) {
      doubled.add(seq);
    }
  }

  /** The first event's seq: what lies before it was trimmed; 1: nothing was. */
  long first() {
    return first;
  }

  /** The newest event's seq. */
  public long head() {
    return identities.size();
  }

  /** Who sent the event under which id; 0: not there. */
  long identity(long seq) {
    return at(identities, seq);
  }

  /** What the event says; 0: deleted or not there. */
  long body(long seq) {
    return at(bodies, seq);
  }

  /** Who sent the message, by {@link EventHash#user}; 0: not there, or no message. */
  long messageSender(long seq) {
    return at(senders, seq);
  }

  /** Where the event with this identity lies; 0: nowhere. */
  long seqOf(long identity) {
    return seqOfIdentity.get(identity);
  }

  /** What this user may read, by the log itself; null: it does not go back to the creation. */
  @Nullable Ranges readableBy(String userId) {
    return memberships.of(userId);
  }

  /** Seqs whose sender and id were on the log before. */
  LongList doubled() {
    return doubled;
  }

  /** Seqs missing between the first event and the head. */
  long holes() {
    return holes;
  }

  private static long at(LongList values, long seq) {
    return seq < 1 || seq > values.size() ? 0 : values.get((int) seq - 1);
  }
}
