package dev.parley.router.shard;

import dev.parley.v1.Event;
import java.util.LinkedHashMap;

/**
 * The newest message of each recent author of a conversation, and how many have read it: kept up to date as messages
 * come and marks move, so that nobody has to count. Bounded in authors; who has not written for longest goes first. Not
 * thread-safe: belongs to the shard's thread.
 */
final class RecentAuthors {
  static final int AUTHORS = 64;

  private final LinkedHashMap<String, Newest> byAuthor = new LinkedHashMap<>();
  private long lastSeq;

  /** A message and its readers. */
  private static final class Newest {
    final long seq;
    int readers;

    Newest(long seq) {
      this.seq = seq;
    }
  }

  /** Takes what there is to tell one author. */
  interface Listener {
    void author(String userId, long seq, int readers);
  }

  /** The newest event that is known here; 0: none. */
  long lastSeq() {
    return lastSeq;
  }

  /** A record behind all that is known here, which no mark has reached yet. */
  void wrote(CommittedRecord record) {
    lastSeq = record.lastSeq();
    for (Event event : record.events()) {
      if (event.hasMessage()) {
        byAuthor.putLast(event.getSenderId(), new Newest(event.getSeq()));
      }
    }
    while (byAuthor.size() > AUTHORS) {
      byAuthor.pollFirstEntry();
    }
  }

  /** A user's mark has moved. */
  void read(long before, long seq) {
    for (Newest newest : byAuthor.values()) {
      if (before < newest.seq && newest.seq <= seq) {
        newest.readers++;
      }
    }
  }

  /** Goes through the authors, longest silent first. */
  void tell(Listener listener) {
    byAuthor.forEach((author, newest) -> listener.author(author, newest.seq, newest.readers));
  }
}
