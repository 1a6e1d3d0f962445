package dev.parley.router.shard;

import dev.parley.v1.SeqRange;
import java.util.ArrayList;
import java.util.List;

/**
 * What a user may read of a conversation. Immutable.
 *
 * @param ranges in order; at most the last one is open
 */
public record Readable(List<SeqRange> ranges) {
  /** Stands for "no such seq" where one above all others is looked for. */
  public static final long NONE = Long.MAX_VALUE;

  public Readable {
    ranges = List.copyOf(ranges);
  }

  /** The smallest seq from {@code seq} on that the user may read; {@link #NONE}: there is none. */
  public long next(long seq) {
    for (SeqRange range : ranges) {
      if (range.getLastSeq() == 0 || seq <= range.getLastSeq()) {
        return Math.max(seq, range.getFirstSeq());
      }
    }
    return NONE;
  }

  /** The greatest seq up to {@code seq} that the user may read; 0: there is none. */
  public long previous(long seq) {
    for (SeqRange range : ranges.reversed()) {
      if (seq >= range.getFirstSeq()) {
        return range.getLastSeq() == 0 ? seq : Math.min(seq, range.getLastSeq());
      }
    }
    return 0;
  }

  /** The user may read this event. */
  public boolean contains(long seq) {
    return next(seq) == seq;
  }

  /** The user may read all events from {@code first} to {@code last}. */
  public boolean containsAll(long first, long last) {
    for (SeqRange range : ranges) {
      if (first >= range.getFirstSeq() && (range.getLastSeq() == 0 || first <= range.getLastSeq())) {
        return range.getLastSeq() == 0 || last <= range.getLastSeq();
      }
    }
    return false;
  }

  /** New events come: the user is a member. */
  public boolean open() {
    return !ranges.isEmpty() && ranges.getLast().getLastSeq() == 0;
  }

  /** The same without what lies before this seq. */
  public Readable from(long seq) {
    List<SeqRange> left = new ArrayList<>();
    for (SeqRange range : ranges) {
      if (range.getLastSeq() == 0 || range.getLastSeq() >= seq) {
        left.add(range.toBuilder().setFirstSeq(Math.max(range.getFirstSeq(), seq)).build());
      }
    }
    return new Readable(left);
  }

  /** The same with the open range closed at this seq. */
  public Readable closedAt(long lastSeq) {
    List<SeqRange> closed = new ArrayList<>(ranges);
    closed.set(closed.size() - 1, closed.getLast().toBuilder().setLastSeq(lastSeq).build());
    return new Readable(closed);
  }
}
