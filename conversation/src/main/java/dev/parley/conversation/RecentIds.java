package dev.parley.conversation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashPMap;
import org.pcollections.HashTreePMap;
import org.pcollections.TreePVector;

/**
 * The client event ids of a conversation's newest events: all of the last two minutes, and at least the last 32. An id
 * is looked up, added and forgotten in O(log n).
 *
 * <p>Immutable; changes share structure.
 */
public final class RecentIds {
  /** How long an id is kept for certain: far longer than any client waits before it sends the same again. */
  public static final Duration KEPT_FOR = Duration.ofMinutes(2);

  /** How many are kept however old they are, so that quiet conversations hardly ever need a search. */
  public static final int KEPT_AT_LEAST = 32;

  /** How far ahead of the owner's clock an id's time may be. */
  public static final Duration ALLOWED_AHEAD = Duration.ofSeconds(30);

  private static final RecentIds EMPTY = new RecentIds(TreePVector.empty(), HashTreePMap.empty(), null);

  private final TreePVector<Entry> bySeq;
  private final HashPMap<Long, Entry> byFingerprint;
  private final @Nullable Instant forgottenUntil;

  private RecentIds(
      TreePVector<Entry> bySeq, HashPMap<Long, Entry> byFingerprint, @Nullable Instant forgottenUntil) {
    this.bySeq = bySeq;
    this.byFingerprint = byFingerprint;
    this.forgottenUntil = forgottenUntil;
  }

  static RecentIds empty() {
    return EMPTY;
  }

  /** What a snapshot kept. */
  static RecentIds of(List<Entry> oldestFirst, @Nullable Instant forgottenUntil) {
    HashPMap<Long, Entry> index = HashTreePMap.empty();
    for (Entry entry : oldestFirst) {
      index = index.plus(entry.fingerprint(), entry);
    }
    return new RecentIds(TreePVector.from(oldestFirst), index, forgottenUntil);
  }

  /** The same with the id of the next event, and without what need not be kept at {@code now}. */
  RecentIds with(Entry entry, Instant now) {
    TreePVector<Entry> kept = bySeq.plus(entry);
    HashPMap<Long, Entry> index = byFingerprint.plus(entry.fingerprint(), entry);
    Instant forgotten = forgottenUntil;
    Instant keepFrom = now.minus(KEPT_FOR);
    while (kept.size() > KEPT_AT_LEAST && kept.get(0).time().isBefore(keepFrom)) {
      Entry oldest = kept.get(0);
      kept = kept.minus(0);
      index = index.minus(oldest.fingerprint());
      forgotten = oldest.time();
    }
    return new RecentIds(kept, index, forgotten);
  }

  /** The kept event with this fingerprint; null: none is kept. */
  @Nullable Entry find(long fingerprint) {
    return byFingerprint.get(fingerprint);
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
    return bySeq;
  }

  int size() {
    return bySeq.size();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RecentIds that
        && bySeq.equals(that.bySeq)
        && Objects.equals(forgottenUntil, that.forgottenUntil);
  }

  @Override
  public int hashCode() {
    return 31 * bySeq.hashCode() + Objects.hashCode(forgottenUntil);
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
