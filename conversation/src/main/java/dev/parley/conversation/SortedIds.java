package dev.parley.conversation;

import dev.parley.conversation.RecentIds.Entry;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Ids of events that follow one another: in order of their seqs, with an index in order of their fingerprints. Immutable.
 */
final class SortedIds {
  private static final int LARGEST = 4_096;

  private final long firstSeq;
  private final long[] fingerprints;
  private final long[] bodyHashes;
  private final long[] times;
  /** Indexes into the arrays above, in order of the fingerprints there. */
  private final int[] order;

  /** Takes the arrays as they are. */
  SortedIds(long firstSeq, long[] fingerprints, long[] bodyHashes, long[] times, int[] order) {
    this.firstSeq = firstSeq;
    this.fingerprints = fingerprints;
    this.bodyHashes = bodyHashes;
    this.times = times;
    this.order = order;
  }

  /** The chunks with one more at the end; neighbours of one size become one. */
  static SortedIds[] add(SortedIds[] chunks, SortedIds next) {
    int kept = chunks.length;
    SortedIds last = next;
    while (kept > 0 && chunks[kept - 1].size() == last.size() && last.size() < LARGEST) {
      last = chunks[--kept].merge(last);
    }
    SortedIds[] all = Arrays.copyOf(chunks, kept + 1);
    all[kept] = last;
    return all;
  }

  /** The chunks without those that lie wholly before {@code seq}. */
  static SortedIds[] from(SortedIds[] chunks, long seq) {
    int dropped = 0;
    while (dropped < chunks.length && chunks[dropped].endSeq() <= seq) {
      dropped++;
    }
    return dropped == 0 ? chunks : Arrays.copyOfRange(chunks, dropped, chunks.length);
  }

  private SortedIds merge(SortedIds later) {
    int[] merged = new int[size() + later.size()];
    int mine = 0;
    int theirs = 0;
    for (int i = 0; i < merged.length; i++) {
      boolean takeMine =
          theirs == later.size()
              || (mine < size()
                  && fingerprints[order[mine]] <= later.fingerprints[later.order[theirs]]);
      merged[i] = takeMine ? order[mine++] : size() + later.order[theirs++];
    }
    return new SortedIds(
        firstSeq,
        concat(fingerprints, later.fingerprints),
        concat(bodyHashes, later.bodyHashes),
        concat(times, later.times),
        merged);
  }

  private static long[] concat(long[] first, long[] second) {
    long[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  int size() {
    return order.length;
  }

  /** The seq behind the last one. */
  long endSeq() {
    return firstSeq + size();
  }

  Entry at(long seq) {
    return entry((int) (seq - firstSeq));
  }

  /** The one with this fingerprint; null: there is none. */
  @Nullable Entry find(long fingerprint) {
    int low = 0;
    int high = size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long found = fingerprints[order[middle]];
      if (found == fingerprint) {
        return entry(order[middle]);
      }
      if (found < fingerprint) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }

  private Entry entry(int index) {
    return new Entry(fingerprints[index], bodyHashes[index], firstSeq + index, OpenIds.toInstant(times[index]));
  }
}
