package dev.parley.bench;

import dev.parley.bench.history.HistoryLog;
import dev.parley.sdk.MemoryCursorStore;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionListener;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.SessionState;
import dev.parley.sdk.Violation;
import dev.parley.v1.Command;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.Message;
import dev.parley.v1.Reset;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One user of a run with one device: sends, measures, and logs what happens for the checker. Can go away and come back
 * with its cursors.
 *
 * <p>Thread-safe, but for {@link #connect} and {@link #disconnect}, which one thread calls.
 */
final class BenchClient implements SessionListener {
  private static final int IN_FLIGHT = 64;
  private static final int OUTBOX = 100_000;

  private final String userId;
  private final ParleyClient client;
  private final Meter meter;
  private final boolean countsOwn;
  private final HistoryLog history;
  private final MemoryCursorStore cursors = new MemoryCursorStore();
  private final Map<String, AtomicLong> lastSeen = new ConcurrentHashMap<>();
  private @Nullable ParleySession session;
  private volatile CompletableFuture<Long> caughtUp = new CompletableFuture<>();

  /** @param countsOwn the sender's own copy counts as a delivery */
  BenchClient(String userId, ParleyClient client, Meter meter, boolean countsOwn) {
    this.userId = userId;
    this.client = client;
    this.meter = meter;
    this.countsOwn = countsOwn;
    this.history = new HistoryLog(userId, userId);
  }

  String userId() {
    return userId;
  }

  ParleyClient client() {
    return client;
  }

  HistoryLog history() {
    return history;
  }

  /** Starts a session; completes with the time of {@link System#nanoTime} at which all that was missed had come. */
  CompletableFuture<Long> connect() {
    caughtUp = new CompletableFuture<>();
    cursors.load().forEach((conversation, cursor) -> history.resumed(conversation, cursor.getSeq()));
    SessionOptions options =
        SessionOptions.forDevice("bench").withClient("parley-bench").withCursors(cursors)
            .withCommands(OUTBOX, IN_FLIGHT);
    session = client.connect(options, this);
    return caughtUp;
  }

  void disconnect() {
    session().close();
  }

  ParleySession session() {
    if (session == null) {
      throw new IllegalStateException(userId + " is not connected");
    }
    return session;
  }

  /** The newest seq that came; 0: none. */
  long lastSeen(String conversationId) {
    AtomicLong seen = lastSeen.get(conversationId);
    return seen == null ? 0 : seen.get();
  }

  /** Sends a message that was due at {@code scheduledNanos}; then runs {@code answered}, whatever the answer is. */
  void send(Talk talk, long scheduledNanos, String text, Runnable answered) {
    String id = session().newId();
    Command command = Command.newBuilder().setConversationId(talk.id()).setClientEventId(id)
        .setMessage(Message.newBuilder().setText(text)).build();
    history.sent(talk.id());
    meter.sent(scheduledNanos);
    var unused = session().send(command).whenComplete((stored, failure) -> {
      if (failure == null) {
        long seq = stored.getCursor().getSeq();
        history.acked(talk.id(), id, seq);
        talk.acked(seq);
        meter.acked(scheduledNanos);
      } else {
        meter.refused();
        if (!ParleyException.of(failure).outcomeUnknown()) {
          history.refused(talk.id(), id);
        }
      }
      answered.run();
    });
  }

  @Override
  public void onEvent(String conversationId, Event event, Cursor cursor) {
    history.received(conversationId, event);
    AtomicLong seen = lastSeen.get(conversationId);
    if (seen == null) {
      seen = lastSeen.computeIfAbsent(conversationId, id -> new AtomicLong());
    }
    seen.set(event.getSeq());
    if (Payload.isIn(event) && (countsOwn || !event.getSenderId().equals(userId))) {
      meter.delivered(Payload.scheduledNanos(event));
    }
  }

  @Override
  public void onFollowing(Following following) {
    history.following(following);
  }

  @Override
  public void onReset(Reset reset) {
    history.resumed(reset.getConversationId(), reset.getNext().getSeq());
  }

  @Override
  public void onCaughtUp() {
    caughtUp.complete(System.nanoTime());
  }

  @Override
  public void onViolation(Violation violation) {
    meter.violation(violation);
  }

  @Override
  public void onError(ParleyException error) {
    meter.error(error);
  }

  @Override
  public void onState(SessionState state, @Nullable ParleyException cause) {
    if (state == SessionState.CLOSED && cause != null) {
      caughtUp.completeExceptionally(cause);
    }
  }
}
