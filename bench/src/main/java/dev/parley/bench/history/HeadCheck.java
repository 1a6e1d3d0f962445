package dev.parley.bench.history;

import dev.parley.bench.history.Finding.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The heads that the clients of one conversation were told at the beginning of their sessions, against what had been
 * acknowledged to anybody before: none of it may lie above the head. That is how one shows who answers from memory and
 * does not know that others have written since.
 */
final class HeadCheck {
  /** So long after the last proof that it owns a shard an owner answers from memory. */
  private static final Duration ALLOWED = Duration.ofMillis(500);

  private final String conversation;
  private final FinalLog log;
  private final Collection<HistoryLog> clients;
  private final Findings findings;

  private record Acked(long nanos, long seq) {}

  HeadCheck(String conversation, FinalLog log, Collection<HistoryLog> clients, Findings findings) {
    this.conversation = conversation;
    this.log = log;
    this.clients = clients;
    this.findings = findings;
  }

  void run() {
    NavigableMap<Long, Long> newestAt = newestAcknowledged();
    for (HistoryLog client : clients) {
      Track track = client.trackOf(conversation);
      for (int i = 0; track != null && i < track.heads().size(); i++) {
        check(client, track.heads().get(i), newestAt);
      }
    }
  }

  private void check(HistoryLog client, Track.Head told, NavigableMap<Long, Long> newestAt) {
    Map.Entry<Long, Long> before = newestAt.lowerEntry(told.sessionNanos() - ALLOWED.toNanos());
    long newest = before == null ? 0 : told.readable().previous(before.getValue());
    if (told.seq() < newest) {
      findings.add(
          Kind.STALE_HEAD,
          client.client() + " in " + conversation + ": the head was said to be " + told.seq() + ", though " + newest
              + " had been acknowledged long before the session began");
    }
  }

  /** By the time of each acknowledgement, the greatest seq on the log that was acknowledged until then. */
  private NavigableMap<Long, Long> newestAcknowledged() {
    List<Acked> all = new ArrayList<>();
    for (HistoryLog client : clients) {
      Sends sends = client.sendsTo(conversation);
      for (int i = 0; i < sends.ackedSeq.size(); i++) {
        all.add(new Acked(sends.ackedNanos.get(i), Math.min(sends.ackedSeq.get(i), log.head())));
      }
    }
    all.sort(Comparator.comparingLong(Acked::nanos));
    NavigableMap<Long, Long> newest = new TreeMap<>();
    long greatest = 0;
    for (Acked acked : all) {
      if (acked.seq > greatest) {
        greatest = acked.seq;
        newest.put(acked.nanos, greatest);
      }
    }
    return newest;
  }
}
