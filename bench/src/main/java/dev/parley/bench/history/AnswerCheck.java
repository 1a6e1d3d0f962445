package dev.parley.bench.history;

import dev.parley.bench.history.Finding.Kind;
import java.util.Arrays;
import java.util.Collection;

/**
 * What the clients were answered, in one conversation, against the final log: acknowledged is stored, refused is not,
 * once and at one seq; nothing is there that nobody sent; and what was acknowledged before another was sent lies before
 * it.
 */
final class AnswerCheck {
  private static final long NEVER = Long.MAX_VALUE;
  private static final long NOT_HERE = Long.MIN_VALUE;

  private final String conversation;
  private final FinalLog log;
  private final Collection<HistoryLog> clients;
  private final Findings findings;

  AnswerCheck(String conversation, FinalLog log, Collection<HistoryLog> clients, Findings findings) {
    this.conversation = conversation;
    this.log = log;
    this.clients = clients;
    this.findings = findings;
  }

  void run() {
    for (int i = 0; i < log.doubled().size(); i++) {
      findings.add(Kind.STORED_TWICE, conversation + ": the event at " + log.doubled().get(i) + " was there before");
    }
    if (log.holes() > 0) {
      findings.add(Kind.HOLE_IN_LOG, conversation + ": " + log.holes() + " seqs are missing below " + log.head());
    }
    IdentityMap ackedAt = new IdentityMap();
    clients.forEach(client -> acknowledged(client, ackedAt));
    clients.forEach(client -> refused(client, ackedAt));
    invented();
    againstTime();
  }

  private void acknowledged(HistoryLog client, IdentityMap ackedAt) {
    Sends sends = client.sendsTo(conversation);
    for (int i = 0; i < sends.ackedSeq.size(); i++) {
      long seq = sends.ackedSeq.get(i);
      long identity = sends.ackedIdentity.get(i);
      long before = ackedAt.putIfAbsent(identity, seq);
      if (before != 0 && before != seq) {
        findings.add(
            Kind.ACKED_AT_TWO_SEQS, where(client) + "one id was acknowledged at " + before + " and at " + seq);
      } else if (seq >= log.first() && log.identity(seq) != identity) {
        findings.add(
            Kind.ACKED_NOT_STORED,
            where(client) + "acknowledged at " + seq + ", where the log has "
                + (log.identity(seq) == 0 ? "nothing" : "another event"));
      }
    }
  }

  private void refused(HistoryLog client, IdentityMap ackedAt) {
    Sends sends = client.sendsTo(conversation);
    for (int i = 0; i < sends.refusedIdentity.size(); i++) {
      long identity = sends.refusedIdentity.get(i);
      long seq = log.seqOf(identity);
      if (seq != 0 && ackedAt.get(identity) == 0) {
        findings.add(Kind.REFUSED_BUT_STORED, where(client) + "refused, yet on the log at " + seq);
      }
    }
  }

  private void invented() {
    IdentityMap sent = new IdentityMap();
    IdentityMap senders = new IdentityMap();
    for (HistoryLog client : clients) {
      senders.putIfAbsent(EventHash.user(client.userId()), 1);
      Sends sends = client.sendsTo(conversation);
      for (int i = 0; i < sends.sentIdentity.size(); i++) {
        sent.putIfAbsent(sends.sentIdentity.get(i), 1);
      }
    }
    for (long seq = 1; seq <= log.head(); seq++) {
      long sender = log.messageSender(seq);
      if (sender != 0 && senders.get(sender) != 0 && sent.get(log.identity(seq)) == 0) {
        findings.add(Kind.NEVER_SENT, conversation + ": nobody sent the message at " + seq);
      }
    }
  }

  /** Of all that lies behind a seq, none may have been acknowledged before the event at the seq was sent. */
  private void againstTime() {
    long[] sentNanos = new long[(int) log.head() + 1];
    long[] ackedNanos = new long[sentNanos.length];
    Arrays.fill(sentNanos, NOT_HERE);
    Arrays.fill(ackedNanos, NEVER);
    for (HistoryLog client : clients) {
      Sends sends = client.sendsTo(conversation);
      for (int i = 0; i < sends.sentIdentity.size(); i++) {
        sentNanos[(int) log.seqOf(sends.sentIdentity.get(i))] = sends.sentNanos.get(i);
      }
      for (int i = 0; i < sends.ackedIdentity.size(); i++) {
        int seq = (int) log.seqOf(sends.ackedIdentity.get(i));
        ackedNanos[seq] = Math.min(ackedNanos[seq], sends.ackedNanos.get(i));
      }
    }
    long earliest = NEVER;
    int whose = 0;
    for (int seq = sentNanos.length - 1; seq > 0; seq--) {
      if (earliest < sentNanos[seq]) {
        findings.add(
            Kind.AGAINST_TIME,
            conversation + ": the event at " + seq + " was sent after the one at " + whose + " had been acknowledged");
      }
      if (ackedNanos[seq] < earliest) {
        earliest = ackedNanos[seq];
        whose = seq;
      }
    }
  }

  private String where(HistoryLog client) {
    return client.client() + " in " + conversation + ": ";
  }
}
