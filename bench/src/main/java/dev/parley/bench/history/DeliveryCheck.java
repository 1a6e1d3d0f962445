package dev.parley.bench.history;

import dev.parley.bench.history.Finding.Kind;
import org.jspecify.annotations.Nullable;

/**
 * What one client got of one conversation: each event that it may read, once, in order, as it lies on the log, up to
 * the head, also over its resumes. What it may read is worked out from the log; only of a log that does not go back to
 * the creation, what the server said is taken.
 */
final class DeliveryCheck {
  private final FinalLog log;
  private final @Nullable Track track;
  private final @Nullable Ranges byLog;
  private final String where;
  private final Findings findings;
  /** Received, and not what the log has there: wrong, unless a Reset says that the log went back. */
  private final LongList strange = new LongList();

  DeliveryCheck(HistoryLog client, String conversation, FinalLog log, Findings findings) {
    this.log = log;
    this.track = client.trackOf(conversation);
    this.byLog = log.readableBy(client.userId());
    this.where = client.client() + " in " + conversation + ": ";
    this.findings = findings;
  }

  void run() {
    if (track != null) {
      walk(track, byLog == null ? track.announced() : byLog);
    } else if (byLog != null && byLog.isOpen()) {
      findings.add(Kind.NOT_DELIVERED, where + "a member, and heard nothing of it", count(byLog, 0, log.head()));
    }
  }

  private void walk(Track received, Ranges ranges) {
    long last = -1;
    int explained = 0;
    for (int i = 0; i < received.size(); i++) {
      long seq = received.seq(i);
      if (received.kind(i) == Track.RECEIVED) {
        if (last >= 0) {
          checkOrder(ranges, seq, last);
        } else if (ranges.successor(seq - 1) != seq) {
          findings.add(Kind.UNREADABLE, where + seq + " came first and may not be read");
        }
        compare(received, i);
        last = Math.max(last, seq);
      } else {
        if (received.kind(i) == Track.RESET) {
          checkCause(last, explained);
          explained = strange.size();
        } else if (received.kind(i) == Track.TRIMMED) {
          checkTrimmed(ranges, last, seq);
        }
        last = seq;
      }
    }
    for (int i = explained; i < strange.size(); i++) {
      findings.add(Kind.DISAGREEMENT, where + "the event received at " + strange.get(i) + " is not the one on the log");
    }
    if (last >= 0 && ranges.successor(last) <= log.head()) {
      findings.add(
          Kind.NOT_DELIVERED,
          where + "has everything up to " + last + ", the log goes to " + log.head(),
          count(ranges, last, log.head()));
    }
  }

  private void checkOrder(Ranges ranges, long seq, long last) {
    long expected = ranges.successor(last);
    if (seq == expected) {
      return;
    }
    if (seq == last) {
      findings.add(Kind.RECEIVED_TWICE, where + seq + " came twice");
    } else if (seq < last) {
      findings.add(Kind.REORDERED, where + seq + " came after " + last);
    } else if (ranges.successor(seq - 1) != seq) {
      findings.add(Kind.UNREADABLE, where + seq + " came and may not be read");
    } else {
      findings.add(
          Kind.GAP, where + "after " + last + " came " + seq + " instead of " + expected,
          count(ranges, last, seq - 1));
    }
  }

  /** A Reset is right if the log does not reach to where the client was, or holds another event than it had. */
  private void checkCause(long last, int explained) {
    if (last <= log.head() && strange.size() == explained) {
      findings.add(Kind.RESET_WITHOUT_CAUSE, where + "a Reset, though the log holds all up to " + last);
    }
  }

  /** Such a Reset may pass over what is not on the log any more, and over nothing else. */
  private void checkTrimmed(Ranges ranges, long last, long next) {
    if (ranges.successor(last) >= log.first()) {
      findings.add(
          Kind.RESET_WITHOUT_CAUSE, where + "a Reset for what was trimmed, though all after " + last + " is there");
    } else if (next >= log.first()) {
      findings.add(
          Kind.GAP, where + "a Reset passes over " + log.first() + " to " + next + ", which were not trimmed",
          count(ranges, log.first() - 1, next));
    }
  }

  private void compare(Track received, int entry) {
    long seq = received.seq(entry);
    if (seq < log.first()) {
      return; // trimmed since
    }
    boolean sameIdentity = log.identity(seq) == received.identity(entry);
    // A body that was deleted, before or after it was received, cannot be compared any more.
    boolean sameBody =
        log.body(seq) == received.body(entry) || log.body(seq) == 0 || received.body(entry) == 0;
    if (!sameIdentity || !sameBody) {
      strange.add(seq);
    }
  }

  /** How many seqs after one and up to another may be read. */
  private static long count(Ranges ranges, long after, long upTo) {
    long count = 0;
    for (long seq = ranges.successor(after); seq <= upTo; seq = ranges.successor(seq)) {
      count++;
    }
    return count;
  }
}
