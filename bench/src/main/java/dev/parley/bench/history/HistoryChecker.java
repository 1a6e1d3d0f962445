package dev.parley.bench.history;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Proves on the joined history of all clients that what was acknowledged is stored, once and in one order, that what was
 * refused is not, and that each client got exactly what it may read, in order, also over its resumes. Keeps counts of
 * all findings and the first {@value #MAX_TEXTS} in words.
 *
 * <p>Use it once, from one thread, after the clients have stopped.
 */
public final class HistoryChecker {
  private static final int MAX_TEXTS = 50;

  private final Map<String, FinalLog> logs;
  private final List<Finding> findings = new ArrayList<>();
  private final Map<Finding.Kind, Long> counts = new EnumMap<>(Finding.Kind.class);

  /** @param logs the final log of each conversation that is to be checked, by its id */
  public HistoryChecker(Map<String, FinalLog> logs) {
    this.logs = logs;
  }

  /** Checks everything. */
  public HistoryChecker check(Collection<HistoryLog> clients) {
    logs.forEach(this::checkLog);
    Map<String, Map<Long, Long>> ackedAt = new HashMap<>();
    for (HistoryLog client : clients) {
      client.outcomes().forEach((conversation, outcomes) -> checkOutcomes(
          client, conversation, outcomes, ackedAt.computeIfAbsent(conversation, id -> new HashMap<>())));
      client.tracks().forEach((conversation, track) -> checkTrack(client, conversation, track));
    }
    return this;
  }

  /** The first findings in words; empty: all promises held. */
  public List<Finding> findings() {
    return List.copyOf(findings);
  }

  /** How many findings of this kind there are. */
  public long count(Finding.Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  private void checkLog(String conversation, FinalLog log) {
    for (int i = 0; i < log.doubled().size(); i++) {
      found(Finding.Kind.STORED_TWICE, conversation + ": the event at " + log.doubled().get(i) + " was there before");
    }
    if (log.holes() > 0) {
      found(Finding.Kind.HOLE_IN_LOG, conversation + ": " + log.holes() + " seqs are missing below " + log.head());
    }
  }

  private void checkOutcomes(
      HistoryLog client, String conversation, HistoryLog.Outcomes outcomes, Map<Long, Long> ackedAt) {
    FinalLog log = logs.get(conversation);
    for (int i = 0; i < outcomes.ackedSeq.size(); i++) {
      long seq = outcomes.ackedSeq.get(i);
      long identity = outcomes.ackedIdentity.get(i);
      Long before = ackedAt.putIfAbsent(identity, seq);
      if (before != null && before != seq) {
        found(Finding.Kind.STORED_TWICE,
            client.client() + " in " + conversation + ": one id was acknowledged at " + before + " and " + seq);
      }
      if (log != null && log.identity(seq) != identity) {
        found(Finding.Kind.ACKED_NOT_STORED,
            client.client() + " in " + conversation + ": acknowledged at " + seq + ", where the log has "
                + (log.identity(seq) == 0 ? "nothing" : "another event"));
      }
    }
    for (int i = 0; log != null && i < outcomes.refusedIdentity.size(); i++) {
      long identity = outcomes.refusedIdentity.get(i);
      if (log.holds(identity) && !ackedAt.containsKey(identity)) {
        found(Finding.Kind.REFUSED_BUT_STORED, client.client() + " in " + conversation + ": refused, yet on the log");
      }
    }
  }

  private void checkTrack(HistoryLog client, String conversation, Track track) {
    FinalLog log = logs.get(conversation);
    String where = client.client() + " in " + conversation;
    long last = -1;
    for (int i = 0; i < track.size(); i++) {
      long seq = track.seq(i);
      if (track.kind(i) == Track.RESUMED) {
        last = seq;
        continue;
      }
      if (last >= 0) {
        checkOrder(where, track, seq, last);
      }
      if (log != null) {
        checkContent(where, log, track, i);
      }
      last = Math.max(last, seq);
    }
    if (log != null && !track.departed() && track.size() > 0) {
      long missing = track.successor(last);
      if (missing <= log.head()) {
        found(Finding.Kind.NOT_DELIVERED,
            where + ": has everything up to " + last + ", the log goes to " + log.head(), countFrom(track, missing,
                log.head()));
      }
    }
  }

  private void checkOrder(String where, Track track, long seq, long last) {
    long expected = track.successor(last);
    if (seq == expected) {
      return;
    }
    if (seq == last) {
      found(Finding.Kind.RECEIVED_TWICE, where + ": " + seq + " came twice");
    } else if (seq < last) {
      found(Finding.Kind.REORDERED, where + ": " + seq + " came after " + last);
    } else if (seq < expected) {
      found(Finding.Kind.UNREADABLE, where + ": " + seq + " came, the next readable event is " + expected);
    } else {
      found(Finding.Kind.GAP, where + ": after " + last + " came " + seq + " instead of " + expected,
          countFrom(track, expected, seq - 1));
    }
  }

  private void checkContent(String where, FinalLog log, Track track, int entry) {
    long seq = track.seq(entry);
    boolean sameIdentity = log.identity(seq) == track.identity(entry);
    // A body that was deleted, before or after it was received, cannot be compared any more.
    boolean sameBody =
        log.body(seq) == track.body(entry) || log.body(seq) == 0 || track.body(entry) == 0;
    if (!sameIdentity || !sameBody) {
      found(Finding.Kind.DISAGREEMENT, where + ": the event received at " + seq + " is not the one on the log");
    }
  }

  private static long countFrom(Track track, long first, long last) {
    long count = 0;
    for (long seq = first; seq <= last; seq = track.successor(seq)) {
      count++;
    }
    return count;
  }

  private void found(Finding.Kind kind, String text) {
    found(kind, text, 1);
  }

  private void found(Finding.Kind kind, String text, long times) {
    counts.merge(kind, times, Long::sum);
    if (findings.size() < MAX_TEXTS) {
      findings.add(new Finding(kind, text));
    }
  }
}
