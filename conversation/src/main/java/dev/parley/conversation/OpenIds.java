package dev.parley.conversation;

import dev.parley.conversation.RecentIds.Entry;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * The newest ids, in order of their seqs, not sorted yet. Grows in place for the version that extends its end, and is
 * copied for any other: no version ever sees a change below its own count.
 */
final class OpenIds {
  static final int CAPACITY = 64;
  private static final int FIRST_CAPACITY = 8;
  private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

  private final long firstSeq;
  private final long[] fingerprints;
  private final long[] bodyHashes;
  private final long[] times;
  private int used;

  OpenIds(long firstSeq) {
    this(firstSeq, new long[FIRST_CAPACITY], new long[FIRST_CAPACITY], new long[FIRST_CAPACITY], 0);
  }

  private OpenIds(long firstSeq, long[] fingerprints, long[] bodyHashes, long[] times, int used) {
    this.firstSeq = firstSeq;
    this.fingerprints = fingerprints;
    this.bodyHashes = bodyHashes;
    this.times = times;
    this.used = used;
  }

  long firstSeq() {
    return firstSeq;
  }

  /** A chunk that holds the first {@code count} of this one and then {@code entry}. */
  OpenIds plus(int count, Entry entry) {
    OpenIds target = count == used && count < fingerprints.length ? this : copy(count);
    target.fingerprints[count] = entry.fingerprint();
    target.bodyHashes[count] = entry.bodyHash();
    target.times[count] = toNanos(entry.time());
    target.used = count + 1;
    return target;
  }

  private OpenIds copy(int count) {
    int capacity = Math.min(CAPACITY, Math.max(FIRST_CAPACITY, 2 * count));
    return new OpenIds(
        firstSeq,
        java.util.Arrays.copyOf(fingerprints, capacity),
        java.util.Arrays.copyOf(bodyHashes, capacity),
        java.util.Arrays.copyOf(times, capacity),
        count);
  }

  /** The index of a fingerprint among the first {@code count}; negative: it is not there. */
  int find(long fingerprint, int count) {
    for (int i = count - 1; i >= 0; i--) {
      if (fingerprints[i] == fingerprint) {
        return i;
      }
    }
    return -1;
  }

  Entry at(int index) {
    return new Entry(fingerprints[index], bodyHashes[index], firstSeq + index, toInstant(times[index]));
  }

  /** The same ids, sorted; this chunk is full. */
  SortedIds sort() {
    int[] order =
        IntStream.range(0, used)
            .boxed()
            .sorted((a, b) -> Long.compare(fingerprints[a], fingerprints[b]))
            .mapToInt(Integer::intValue)
            .toArray();
    return new SortedIds(firstSeq, fingerprints, bodyHashes, times, order);
  }

  private static long toNanos(Instant time) {
    return time.getEpochSecond() * NANOS + time.getNano();
  }

  static Instant toInstant(long nanos) {
    return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
  }
}
