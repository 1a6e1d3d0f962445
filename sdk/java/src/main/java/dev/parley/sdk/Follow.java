package dev.parley.sdk;

import dev.parley.v1.Following;
import dev.parley.v1.SeqRange;
import java.util.List;
import java.util.UUID;

/**
 * What one stream delivers of one conversation: from where, within which ranges, and how far it has come. Knows which
 * event must come next.
 */
final class Follow {
  /** No event can come any more within the known ranges. */
  static final long NONE = Long.MAX_VALUE;

  final Place place;
  private final UUID uuid;
  /** First and last seq of each readable range, in turn; the last of an open one is {@link #NONE}. */
  private long[] ranges = {};
  private long last;
  private long hash;

  /** Changed since the last Credit frame, or since the digest was computed. */
  boolean unacknowledged;

  boolean unhashed;

  Follow(Place place, long last) {
    this.place = place;
    this.uuid = UUID.fromString(place.conversationId);
    this.last = last;
  }

  /** The server says from where it goes on and what may be read. */
  void restart(Following following) {
    last = following.getAfterSeq();
    List<SeqRange> readable = following.getReadableList();
    ranges = new long[readable.size() * 2];
    for (int i = 0; i < readable.size(); i++) {
      ranges[2 * i] = readable.get(i).getFirstSeq();
      long end = readable.get(i).getLastSeq();
      ranges[2 * i + 1] = end == 0 ? NONE : end;
    }
  }

  /** The newest event that came on this stream, or where it started. */
  long last() {
    return last;
  }

  void moveTo(long seq) {
    last = seq;
  }

  /** The event that must follow {@code seq}: the next one that the user may read. Without known ranges, the next one. */
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
    return NONE;
  }

  /** How the digest changes, by XOR, from what it was when this was called last. */
  long digestChange() {
    long fresh = HeadHash.of(uuid, last);
    long change = hash ^ fresh;
    hash = fresh;
    return change;
  }
}
