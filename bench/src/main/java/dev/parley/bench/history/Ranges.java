package dev.parley.bench.history;

import dev.parley.v1.SeqRange;
import java.util.Arrays;
import java.util.List;

/** What a user may read of a conversation: stretches of seqs, in order. Immutable. */
final class Ranges {
  /** No event; the end of a stretch that is open. */
  static final long NONE = Long.MAX_VALUE;

  /** Everything. */
  static final Ranges ALL = new Ranges(new long[] {1, NONE});

  private final long[] firstsAndLasts;

  private Ranges(long[] firstsAndLasts) {
    this.firstsAndLasts = firstsAndLasts;
  }

  /** As the server says it. */
  static Ranges of(List<SeqRange> readable) {
    long[] ends = new long[readable.size() * 2];
    int i = 0;
    for (SeqRange range : readable) {
      ends[i++] = range.getFirstSeq();
      ends[i++] = range.getLastSeq() == 0 ? NONE : range.getLastSeq();
    }
    return new Ranges(ends);
  }

  /** This and one more stretch behind it, open at its end. */
  Ranges openedAt(long first) {
    // What begins later than the new one lies in it.
    int kept = 0;
    while (kept < firstsAndLasts.length && firstsAndLasts[kept] < first) {
      kept += 2;
    }
    long[] ends = Arrays.copyOf(firstsAndLasts, kept + 2);
    ends[kept] = first;
    ends[kept + 1] = NONE;
    return new Ranges(ends);
  }

  /** This with its last stretch ending at an event. */
  Ranges closedAt(long last) {
    long[] ends = firstsAndLasts.clone();
    ends[ends.length - 1] = last;
    return new Ranges(ends);
  }

  /** This, and before it what could be read earlier: the server leaves out what was trimmed since. */
  Ranges behind(Ranges earlier) {
    if (firstsAndLasts.length == 0) {
      return earlier;
    }
    long first = firstsAndLasts[0];
    int kept = 0;
    while (kept < earlier.firstsAndLasts.length && earlier.firstsAndLasts[kept] < first) {
      kept += 2;
    }
    boolean joined = kept > 0 && earlier.firstsAndLasts[kept - 1] >= first - 1;
    int from = joined ? 1 : 0;
    long[] ends = Arrays.copyOf(earlier.firstsAndLasts, kept - from + firstsAndLasts.length - from + from);
    System.arraycopy(firstsAndLasts, from, ends, kept - from, firstsAndLasts.length - from);
    return new Ranges(ends);
  }

  /** Whether more will be readable as the conversation goes on. */
  boolean isOpen() {
    return firstsAndLasts.length > 0 && firstsAndLasts[firstsAndLasts.length - 1] == NONE;
  }

  /** The last seq up to this one that may be read, should there be such an event; 0: none. */
  long previous(long seq) {
    for (int i = firstsAndLasts.length - 2; i >= 0; i -= 2) {
      if (seq >= firstsAndLasts[i]) {
        return Math.min(seq, firstsAndLasts[i + 1]);
      }
    }
    return 0;
  }

  /** The first seq after this one that may be read, should there be such an event; {@link #NONE}: none. */
  long successor(long seq) {
    for (int i = 0; i < firstsAndLasts.length; i += 2) {
      if (seq < firstsAndLasts[i]) {
        return firstsAndLasts[i];
      }
      if (seq < firstsAndLasts[i + 1]) {
        return seq + 1;
      }
    }
    return NONE;
  }
}
