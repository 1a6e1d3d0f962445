package dev.parley.bench;

import dev.parley.bench.history.FinalLog;
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
import java.util.concurrent.locks.LockSupport;

/** Reads what is on the log in the end and has the history of a run checked against it. */
public final class Verification {
  private static final int PAGE = 256;

  private Verification() {}

  /** The verdict on a run that is over. */
  static Verdict of(Crowd crowd, boolean check) {
    HistoryChecker checker = new HistoryChecker(crowd.clients().stream().map(BenchClient::history).toList());
    long undelivered = 0;
    for (Talk talk : crowd.talks()) {
      if (check) {
        checker.check(talk.id(), read(talk.members().getFirst().client(), talk.id()));
      } else {
        undelivered += talk.undelivered();
      }
    }
    return new Verdict(check, undelivered, checker.counts(), checker.findings());
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
}
