package dev.parley.router.shadow;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.router.loop.Loop;
import dev.parley.router.shadow.Ledger.Compared;
import dev.parley.router.shadow.Ledger.Question;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import dev.parley.v1.ServerFrame;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session whose frames are compared with the log, one conversation after the other. Belongs to the session's loop. */
public final class ShadowedSession {
  private static final Logger LOG = LoggerFactory.getLogger(ShadowedSession.class);

  private final String userId;
  private final Duration every;
  private final Shadow.Reads reads;
  private final Loop loop;
  private final IntConsumer compared;
  private final Consumer<Difference> found;
  private final Ledger ledger;
  private final Deque<Question> questions = new ArrayDeque<>();
  private boolean closed;

  ShadowedSession(
      String userId,
      Duration every,
      Shadow.Reads reads,
      Loop loop,
      IntConsumer compared,
      Consumer<Difference> found) {
    this.userId = userId;
    this.every = every;
    this.reads = reads;
    this.loop = loop;
    this.compared = compared;
    this.found = found;
    this.ledger = new Ledger(userId);
    loop.after(every, this::check);
  }

  /** An encoded {@link ServerFrame} was handed to the transport. */
  public void sent(byte[] frame) {
    try {
      ledger.sent(ServerFrame.parseFrom(frame)).forEach(found);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a frame that cannot be read was sent", e);
    }
  }

  /** The session is over. */
  public void close() {
    closed = true;
  }

  private void check() {
    if (!closed) {
      questions.addAll(ledger.questions());
      next();
    }
  }

  private void next() {
    Question question = questions.poll();
    if (closed) {
      return;
    }
    if (question == null) {
      loop.after(every, this::check);
      return;
    }
    reads
        .events(
            userId,
            ListEventsRequest.newBuilder()
                .setConversationId(question.conversationId())
                .setAfter(Cursor.newBuilder().setSeq(question.afterSeq()))
                .setPageSize(Ledger.PAGE)
                .build())
        .whenCompleteAsync((page, failure) -> read(question, page, failure), loop);
  }

  private void read(Question question, @Nullable ListEventsResponse page, @Nullable Throwable failure) {
    if (page == null) {
      LOG.debug("{} cannot be read now: compared later", question.conversationId(), failure);
    } else if (page.hasReset()) {
      ledger.passOver(question);
    } else {
      List<Event> log =
          page.getPagesList().stream()
              .flatMap(events -> events.getEventsList().stream())
              .toList();
      Compared result = ledger.compare(question, log, page.getMore());
      compared.accept(result.events());
      result.differences().forEach(found);
    }
    next();
  }
}
