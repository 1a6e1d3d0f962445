package dev.parley.conversation;

import java.time.Duration;
import java.time.Instant;
import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The client event ids of a conversation's newest events: all of the last two minutes, and at least the last 32.
 *
 * <p>A conversation may take 1,000 events a second, so up to 120,000 ids are kept: 28 bytes each, in primitive arrays.
 * New ids go into an open chunk of 64; full chunks are sorted, and two neighbours of one size are merged, up to 4,096
 * (the binary counter of a log-structured merge tree: O'Neil et al., 1996). So an id is found by a few binary searches
 * and added in O(log n) on average.
 *
 * <p>Immutable to its users; versions share chunks. One version is extended on one thread.
 */
public final class RecentIds {
  /** How long an id is kept for certain: far longer than any client waits before it sends the same again. */
  public static final Duration KEPT_FOR = Duration.ofMinutes(2);

  /** How many are kept however old they are, so that quiet conversations hardly ever need a search. */
  public static final int KEPT_AT_LEAST = 32;

  /** How far ahead of the owner's clock an id's time may be. */
  public static final Duration ALLOWED_AHEAD = Duration.ofSeconds(30);

  private static final RecentIds EMPTY = new RecentIds(new SortedIds[0], new OpenIds(1), 0, 1, null);

  /** Oldest first; the seqs of one follow those of the one before. */
  private final SortedIds[] sorted;
  private final OpenIds open;
  /** How many of the open chunk's ids belong to this version. */
  private final int openCount;
  /** The oldest one that counts; chunks may hold older ones. */
  private final long firstSeq;
  private final @Nullable Instant forgottenUntil;

  private RecentIds(
      SortedIds[] sorted, OpenIds open, int openCount, long firstSeq, @Nullable Instant forgottenUntil) {
    this.sorted = sorted;
    this.open = open;
    this.openCount = openCount;
    this.firstSeq = firstSeq;
    this.forgottenUntil = forgottenUntil;
  }

  static RecentIds empty() {
    return EMPTY;
  }

  /** What a snapshot kept: the ids of events that follow one another. */
  static RecentIds of(List<Entry> oldestFirst, @Nullable Instant forgottenUntil) {
    if (oldestFirst.isEmpty()) {
      return new RecentIds(EMPTY.sorted, EMPTY.open, 0, 1, forgottenUntil);
    }
    long firstSeq = oldestFirst.getFirst().seq();
    RecentIds ids = new RecentIds(EMPTY.sorted, new OpenIds(firstSeq), 0, firstSeq, forgottenUntil);
    for (Entry entry : oldestFirst) {
      ids = ids.plus(entry);
    }
    return ids;
  }

  /** The same with the id of the next event, and without what need not be kept at {@code now}. */
  RecentIds with(Entry entry, Instant now) {
    RecentIds all = size() == 0 ? new RecentIds(EMPTY.sorted, new OpenIds(entry.seq()), 0, entry.seq(), forgottenUntil) : this;
    return all.plus(entry).without(now.minus(KEPT_FOR));
  }

  private RecentIds plus(Entry entry) {
    if (entry.seq() != endSeq()) {
      throw new IllegalArgumentException("seq " + entry.seq() + " does not follow " + (endSeq() - 1));
    }
    OpenIds extended = open.plus(openCount, entry);
    if (openCount + 1 < OpenIds.CAPACITY) {
      return new RecentIds(sorted, extended, openCount + 1, firstSeq, forgottenUntil);
    }
    return new RecentIds(
        SortedIds.add(sorted, extended.sort()), new OpenIds(entry.seq() + 1), 0, firstSeq, forgottenUntil);
  }

  /** Forgets what is older than {@code keepFrom}, as far as enough are left. */
  private RecentIds without(Instant keepFrom) {
    long first = firstSeq;
    Instant forgotten = forgottenUntil;
    while (endSeq() - first > KEPT_AT_LEAST) {
      Instant time = at(first).time();
      if (!time.isBefore(keepFrom)) {
        break;
      }
      forgotten = time;
      first++;
    }
    return first == firstSeq
        ? this
        : new RecentIds(SortedIds.from(sorted, first), open, openCount, first, forgotten);
  }

  private long endSeq() {
    return open.firstSeq() + openCount;
  }

  /** The kept event with this fingerprint; null: none is kept. */
  @Nullable Entry find(long fingerprint) {
    int index = open.find(fingerprint, openCount);
    Entry found = index < 0 ? null : open.at(index);
    for (int i = sorted.length - 1; i >= 0 && found == null; i--) {
      found = sorted[i].find(fingerprint);
    }
    return found == null || found.seq() < firstSeq ? null : found;
  }

  /**
   * Whether an id with this time, if it is not among the kept ones, cannot be stored at all. An event is never stored
   * earlier than its id's time less {@link #ALLOWED_AHEAD}.
   */
  boolean coversFrom(Instant idTime) {
    return forgottenUntil == null || idTime.minus(ALLOWED_AHEAD).isAfter(forgottenUntil);
  }

  /** When the newest event that is not kept was decided; null: all are kept. */
  @Nullable Instant forgottenUntil() {
    return forgottenUntil;
  }

  /** The kept ones, oldest first. */
  List<Entry> entries() {
    return new AbstractList<>() {
      @Override
      public Entry get(int index) {
        return at(firstSeq + Objects.checkIndex(index, size()));
      }

      @Override
      public int size() {
        return RecentIds.this.size();
      }
    };
  }

  private Entry at(long seq) {
    if (seq >= open.firstSeq()) {
      return open.at((int) (seq - open.firstSeq()));
    }
    for (SortedIds chunk : sorted) {
      if (seq < chunk.endSeq()) {
        return chunk.at(seq);
      }
    }
    throw new IllegalStateException("seq " + seq + " is in no chunk");
  }

  int size() {
    return (int) (endSeq() - firstSeq);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RecentIds that
        && entries().equals(that.entries())
        && Objects.equals(forgottenUntil, that.forgottenUntil);
  }

  @Override
  public int hashCode() {
    return 31 * entries().hashCode() + Objects.hashCode(forgottenUntil);
  }

  /**
   * An event's id.
   *
   * @param fingerprint of sender and client event id
   * @param bodyHash of the command
   * @param seq the event's
   * @param time when it was decided
   */
  record Entry(long fingerprint, long bodyHash, long seq, Instant time) {}
}
