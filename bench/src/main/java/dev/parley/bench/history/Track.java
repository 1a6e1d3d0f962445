package dev.parley.bench.history;

import java.util.Arrays;

/** What one client received of one conversation, in the order in which it came. */
final class Track {
  /** Four longs an entry: kind, seq, identity, body. */
  private static final int WIDTH = 4;

  static final long RECEIVED = 0;
  static final long RESUMED = 1;

  private final LongList entries = new LongList();
  private long[] ranges = {};
  private boolean departed;

  void received(long seq, long identity, long body) {
    add(RECEIVED, seq, identity, body);
  }

  /** From here on events come after this seq: a new session, or a Reset. */
  void resumed(long afterSeq) {
    add(RESUMED, afterSeq, 0, 0);
  }

  /** First and last of each readable range in turn; the last of an open one is {@link Long#MAX_VALUE}. */
  void readable(long[] firstsAndLasts) {
    ranges = firstsAndLasts;
  }

  /** The client went away on purpose and does not come back: what came later need not reach it. */
  void depart() {
    departed = true;
  }

  boolean departed() {
    return departed;
  }

  int size() {
    return entries.size() / WIDTH;
  }

  long kind(int entry) {
    return entries.get(entry * WIDTH);
  }

  long seq(int entry) {
    return entries.get(entry * WIDTH + 1);
  }

  long identity(int entry) {
    return entries.get(entry * WIDTH + 2);
  }

  long body(int entry) {
    return entries.get(entry * WIDTH + 3);
  }

  /** The first seq after this one that may be read; {@link Long#MAX_VALUE}: none. */
  long successor(long seq) {
    if (ranges.length == 0) {
      return seq + 1;
    }
    for (int i = 0; i < ranges.length; i += 2) {
      if (seq < ranges[i]) {
        return ranges[i];
      }
      if (seq < ranges[i + 1]) {
        return seq + 1;
      }
    }
    return Long.MAX_VALUE;
  }

  @Override
  public String toString() {
    return size() + " entries, ranges " + Arrays.toString(ranges);
  }

  private void add(long kind, long seq, long identity, long body) {
    entries.add(kind);
    entries.add(seq);
    entries.add(identity);
    entries.add(body);
  }
}
