package dev.parley.bench;

import dev.parley.bench.history.FinalLog;
import dev.parley.bench.history.Finding;
import dev.parley.bench.history.Finding.Kind;
import dev.parley.bench.history.HistoryChecker;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Events;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import io.grpc.StatusRuntimeException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** Reads what is on the log in the end and has the history of a run checked against it. */
public final class Verification {
  private static final int PAGE = 256;

  private final HistoryChecker checker;

  private Verification(HistoryChecker checker) {
    this.checker = checker;
  }

  static Verification of(List<Talk> talks, List<BenchClient> clients) {
    Map<String, FinalLog> logs = new HashMap<>();
    for (Talk talk : talks) {
      logs.put(talk.id(), read(talk.members().getFirst().client(), talk.id()));
    }
    return new Verification(new HistoryChecker(logs).check(clients.stream().map(BenchClient::history).toList()));
  }

  /** Reads a conversation from its first event to its head, as one who may read all of it. */
  public static FinalLog read(ParleyClient client, String conversationId) {
    FinalLog log = new FinalLog();
    Cursor after = Cursor.getDefaultInstance();
    boolean more = true;
    while (more) {
      ListEventsResponse page = page(
          client,
          ListEventsRequest.newBuilder().setConversationId(conversationId).setAfter(after).setPageSize(PAGE).build());
      for (Events events : page.getPagesList()) {
        for (Event event : events.getEventsList()) {
          log.add(event);
          after = Cursor.newBuilder().setSeq(event.getSeq()).setPosition(events.getPosition())
              .setTerm(events.getTerm()).build();
        }
      }
      more = page.getMore();
    }
    return log;
  }

  /** One page, as soon as the user's allowance of reads lets it through. */
  private static ListEventsResponse page(ParleyClient client, ListEventsRequest request) {
    while (true) {
      try {
        return client.blocking().listEvents(request);
      } catch (StatusRuntimeException e) {
        ParleyException why = ParleyException.of(e);
        if (why.reason() != ErrorReason.ERROR_REASON_RATE_LIMITED) {
          throw e;
        }
        LockSupport.parkNanos(why.retryAfter().toNanos());
      }
    }
  }

  List<Finding> findings() {
    return checker.findings();
  }

  long lost() {
    return checker.count(Kind.ACKED_NOT_STORED) + checker.count(Kind.NOT_DELIVERED);
  }

  long duplicated() {
    return checker.count(Kind.STORED_TWICE) + checker.count(Kind.RECEIVED_TWICE);
  }

  long reordered() {
    return checker.count(Kind.REORDERED) + checker.count(Kind.DISAGREEMENT);
  }

  long gaps() {
    return checker.count(Kind.GAP) + checker.count(Kind.HOLE_IN_LOG);
  }
}
