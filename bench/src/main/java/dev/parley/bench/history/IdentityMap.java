package dev.parley.bench.history;

/** A map from identities of events, which are hashes and never 0, to longs above 0; without boxes. Not thread-safe. */
final class IdentityMap {
  private long[] keys = new long[64];
  private long[] values = new long[64];
  private int size;

  /** What was put for this identity; 0: nothing. */
  long get(long identity) {
    return values[slot(identity)];
  }

  /** Puts a value unless there is one already; returns what was there before, or 0. */
  long putIfAbsent(long identity, long value) {
    int slot = slot(identity);
    if (keys[slot] != 0) {
      return values[slot];
    }
    keys[slot] = identity;
    values[slot] = value;
    if (++size * 2 > keys.length) {
      grow();
    }
    return 0;
  }

  /** Where this identity is, or would be. */
  private int slot(long identity) {
    int mask = keys.length - 1;
    int slot = (int) identity & mask;
    while (keys[slot] != 0 && keys[slot] != identity) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    long[] oldValues = values;
    keys = new long[oldKeys.length * 2];
    values = new long[oldKeys.length * 2];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        int slot = slot(oldKeys[i]);
        keys[slot] = oldKeys[i];
        values[slot] = oldValues[i];
      }
    }
  }
}
