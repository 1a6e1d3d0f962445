package dev.parley.bench.history;

import dev.parley.bench.history.Finding.Kind;
import dev.parley.sdk.Violation;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Proves on the joined history of all clients that what was acknowledged is stored, once and in one order that agrees
 * with time, that what was refused is not, and that each client got exactly what it may read, in order, also over its
 * resumes. Conversations are checked one by one, so that only one log is in memory at a time.
 *
 * <p>Use it from one thread, after the clients have stopped.
 */
public final class HistoryChecker {
  private final Collection<HistoryLog> clients;
  private final Findings findings = new Findings();

  /** For these clients; begins with what they noticed themselves. */
  public HistoryChecker(Collection<HistoryLog> clients) {
    this.clients = List.copyOf(clients);
    for (HistoryLog client : this.clients) {
      for (Violation violation : client.violations()) {
        findings.add(
            kind(violation.kind()),
            client.client() + " in " + violation.conversationId() + ": at " + violation.seq() + " after "
                + violation.lastSeq() + ": " + violation.detail());
      }
    }
  }

  /** Checks all that happened in one conversation against the log as it is in the end. */
  public HistoryChecker check(String conversationId, FinalLog log) {
    new AnswerCheck(conversationId, log, clients, findings).run();
    new HeadCheck(conversationId, log, clients, findings).run();
    clients.forEach(client -> new DeliveryCheck(client, conversationId, log, findings).run());
    return this;
  }

  /** The first findings in words; empty: all promises held. */
  public List<Finding> findings() {
    return findings.texts();
  }

  /** How often each kind was found. */
  public Map<Kind, Long> counts() {
    return findings.counts();
  }

  private static Kind kind(Violation.Kind kind) {
    return switch (kind) {
      case GAP -> Kind.GAP;
      case DUPLICATE -> Kind.RECEIVED_TWICE;
      case REORDERED -> Kind.REORDERED;
      case UNREADABLE -> Kind.UNREADABLE;
      case UNANNOUNCED -> Kind.UNANNOUNCED;
      case MISSING_HEAD -> Kind.MISSING_HEAD;
      case RESUMED_ELSEWHERE -> Kind.RESUMED_ELSEWHERE;
    };
  }
}
