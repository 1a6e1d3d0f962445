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
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.Message;
import dev.parley.v1.Reset;
import dev.parley.v1.Stored;
import java.time.Duration;
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
  /** So often a command whose outcome is unknown is sent again, each time until the SDK's deadline. */
  private static final int TRIES = 5;

  private final String userId;
  private final ParleyClient client;
  private final Meter meter;
  private final boolean countsOwn;
  private final int resendEvery;
  private final Duration sendTimeout;
  private final HistoryLog history;
  private final AtomicLong acked = new AtomicLong();
  private final MemoryCursorStore cursors = new MemoryCursorStore();
  private final Map<String, AtomicLong> lastSeen = new ConcurrentHashMap<>();
  private @Nullable ParleySession session;
  private volatile CompletableFuture<Long> caughtUp = new CompletableFuture<>();
  /** Since when it has not been live, by {@link System#nanoTime}; 0: it is, or never was. */
  private volatile long awaySince;
  private boolean live;
  private boolean cameBack;

  BenchClient(String userId, ParleyClient client, Meter meter, BenchOptions options) {
    this.userId = userId;
    this.client = client;
    this.meter = meter;
    // In a group the sender's own copy is one of those that the room gets.
    this.countsOwn = options.mode() == BenchOptions.Mode.GROUP;
    this.resendEvery = options.resendEvery();
    this.sendTimeout = options.drain();
    this.history = new HistoryLog(userId, userId, options.check());
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
            .withCommands(OUTBOX, IN_FLIGHT).withSendTimeout(sendTimeout);
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
    Command command = Command.newBuilder().setConversationId(talk.id()).setClientEventId(session().newId())
        .setMessage(Message.newBuilder().setText(text)).build();
    history.sent(talk.id(), command.getClientEventId());
    meter.sent(scheduledNanos);
    var unused = session().send(command).whenComplete((stored, failure) -> {
      if (failure == null) {
        stored(talk, command, stored);
        meter.acked(scheduledNanos);
        if (resendEvery > 0 && acked.incrementAndGet() % resendEvery == 0) {
          sendAgain(talk, command, 1);
        }
      } else {
        refused(talk, command, ParleyException.of(failure), scheduledNanos);
      }
      answered.run();
    });
  }

  private void stored(Talk talk, Command command, Stored stored) {
    long seq = stored.getCursor().getSeq();
    history.acked(talk.id(), command.getClientEventId(), seq);
    talk.acked(seq);
  }

  private void refused(Talk talk, Command command, ParleyException refusal, long scheduledNanos) {
    meter.refused(scheduledNanos, refusal);
    if (refusal.outcomeUnknown()) {
      sendAgain(talk, command, TRIES);
    } else {
      history.refused(talk.id(), command.getClientEventId());
    }
  }

  /**
   * Sends a command again: whatever became of it, the answer must be the seq at which it lies. A refusal for a while,
   * or one without the server's reason, says nothing of the first sending.
   */
  private void sendAgain(Talk talk, Command command, int tries) {
    meter.resending();
    var unused = session().send(command).whenComplete((stored, failure) -> {
      if (failure == null) {
        stored(talk, command, stored);
      } else if (isFinal(ParleyException.of(failure))) {
        history.refused(talk.id(), command.getClientEventId());
      } else if (tries > 1) {
        sendAgain(talk, command, tries - 1);
      }
      meter.resentAnswered();
    });
  }

  private static boolean isFinal(ParleyException refusal) {
    return !refusal.retryable() && refusal.reason() != ErrorReason.ERROR_REASON_UNSPECIFIED;
  }

  /** The run is over: if the client is still not live, that counts. */
  void ended() {
    if (awaySince != 0) {
      meter.wasAway(awaySince);
    }
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
    history.reset(reset);
  }

  @Override
  public void onCaughtUp() {
    boolean first = caughtUp.complete(System.nanoTime());
    if (!first && !cameBack) {
      meter.handedOver();
    }
    cameBack = false;
  }

  @Override
  public void onViolation(Violation violation) {
    history.violated(violation);
  }

  @Override
  public void onError(ParleyException error) {
    meter.error(error);
  }

  @Override
  public void onState(SessionState state, @Nullable ParleyException cause) {
    if (state == SessionState.LIVE) {
      if (awaySince != 0) {
        meter.wasAway(awaySince);
        cameBack = true;
      }
      awaySince = 0;
    } else if (live && state != SessionState.CLOSED) {
      meter.reconnecting();
      awaySince = System.nanoTime();
    }
    live = state == SessionState.LIVE;
    if (state == SessionState.CLOSED && cause != null) {
      caughtUp.completeExceptionally(cause);
    }
  }
}
