package dev.parley.sdk;

import dev.parley.v1.Activity;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.PresenceUpdate;
import dev.parley.v1.Receipt;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Typing;
import dev.parley.v1.UserWatch;
import dev.parley.v1.Welcome;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A session's protocol: a state machine that is fed with frames, commands and the time, and answers through a {@link
 * Wire} and a {@link SessionListener}. Has one stream, or two while a router hands it over: the new one is opened and
 * catches up, then the old one is closed (make before break), and what both deliver is passed on once.
 *
 * <p>Times are milliseconds of one monotonic clock. Not thread-safe and not re-entrant: the shell calls it from one
 * thread, and what a listener asks for is done after the current input.
 */
final class SessionProtocol {
  /** A stream that was live for this long was a success: the next wait is a first one again. */
  private static final long STABLE_MILLIS = 5_000;
  private static final String DISPLACED = "DISPLACED";

  final SessionOptions options;
  final Places places;
  final Outbox outbox;
  final ServerClock clock;
  final Wire wire;
  final SessionListener listener;
  private final PresenceWatches presence;
  private final Backoff backoff;

  private SessionState state = SessionState.CONNECTING;
  private @Nullable SessionStream current;
  private @Nullable SessionStream next;
  private int streams;
  private long openAt = Outbox.NEVER;
  private @Nullable String refusedToken;
  private String userId = "";
  private String router = "";
  private long unknownFrames;

  SessionProtocol(
      SessionOptions options,
      ServerClock clock,
      ClientEventIds ids,
      Backoff backoff,
      Wire wire,
      SessionListener listener) {
    this.options = options;
    this.clock = clock;
    this.wire = wire;
    this.listener = listener;
    this.backoff = backoff;
    this.presence = new PresenceWatches(listener);
    this.places = new Places(options.cursors());
    this.outbox = new Outbox(options.outboxCommands(), options.commandsInFlight(), backoff, ids, wire);
  }

  // ------------------------------------------------------------ inputs

  void start(long now) {
    listener.onState(SessionState.CONNECTING, null);
    current = open(now);
  }

  void opened(int stream, String token) {
    SessionStream opened = stream(stream);
    if (opened != null) {
      opened.opened(token);
    }
  }

  void frame(int stream, ServerFrame frame, long now) {
    SessionStream from = stream(stream);
    if (from != null) {
      from.frame(frame, now);
    }
  }

  /** A stream was ended by the other side or could not be opened. */
  void closed(int stream, ParleyException cause, long now) {
    SessionStream closed = stream(stream);
    if (closed != null) {
      lost(closed, cause, now);
    }
  }

  void tokenFetched(int stream, String token, long now) {
    SessionStream to = stream(stream);
    if (to != null) {
      to.refresh(token, now);
    }
  }

  /** No newer token could be had. The stream goes on until its token ends. */
  void tokenFailed(ParleyException cause) {
    listener.onError(cause);
  }

  void send(PendingCommand command, long now) {
    if (state == SessionState.CLOSED) {
      command.answer.completeExceptionally(closedByCaller());
    } else {
      outbox.add(command, now);
    }
  }

  void markRead(String conversationId, long seq) {
    Place place = places.get(conversationId);
    if (place != null && place.read(seq) && current != null && current.welcome() != null) {
      wire.send(current.id, SessionStream.readMark(place));
    }
  }

  void typing(String conversationId) {
    if (current != null && current.welcome() != null) {
      wire.send(
          current.id,
          ClientFrame.newBuilder().setTyping(Typing.newBuilder().setConversationId(conversationId)).build());
    }
  }

  void watch(List<UserWatch> users, List<String> rooms) {
    say(presence.watch(users, rooms));
  }

  void unwatch(List<String> userIds, List<String> rooms) {
    say(List.of(presence.unwatch(userIds, rooms)));
  }

  void activity(Activity now) {
    say(List.of(presence.activity(now)));
  }

  /** Says it at once if the stream is live; else it is said when it is. */
  private void say(List<ClientFrame> frames) {
    if (current != null && current.caughtUp()) {
      int id = current.id;
      frames.forEach(frame -> wire.send(id, frame));
    }
  }

  void tick(long now) {
    if (current != null) {
      current.tick(now);
    }
    if (next != null) {
      next.tick(now);
    }
    outbox.tick(now);
    if (now >= openAt && state != SessionState.CLOSED) {
      openAt = Outbox.NEVER;
      if (current == null) {
        become(SessionState.CONNECTING, null);
        current = open(now);
      } else {
        next = open(now);
      }
    }
  }

  /** When {@link #tick} has something to do; {@link Outbox#NEVER}: only after another input. */
  long nextTick() {
    long at = Math.min(openAt, outbox.nextTick());
    at = current == null ? at : Math.min(at, current.nextTick());
    return next == null ? at : Math.min(at, next.nextTick());
  }

  /** Ends the session for good. */
  void close() {
    terminate(null);
  }

  // ------------------------------------------------------------ what the streams report

  void welcomed(SessionStream stream, long now) {
    Welcome welcome = stream.welcome();
    if (welcome == null || stream != current) {
      return;
    }
    userId = welcome.getUser().getUserId();
    router = welcome.getRouter();
    refusedToken = null;
    if (!stream.caughtUp()) {
      become(SessionState.CONNECTED, null);
    }
    outbox.useStream(stream.id, welcome.getLimits().getOpenCommands(), now);
  }

  void caughtUp(SessionStream stream, long now) {
    if (stream == next) {
      SessionStream old = current;
      if (old != null) {
        drop(old);
      }
      promote(now);
    }
    become(SessionState.LIVE, null);
    presence.streamLost();
    say(presence.everything());
    listener.onCaughtUp();
  }

  void reconnect(SessionStream stream, String reason, long at, long now) {
    if (reason.equals(DISPLACED)) {
      lost(stream, ParleyException.local(Status.Code.ABORTED, ErrorReason.ERROR_REASON_DISPLACED,
          "DISPLACED: another session of this device has taken this one's place"), now);
    } else if (stream == current && next == null) {
      openAt = at;
    }
  }

  void error(SessionStream stream, dev.parley.v1.Error error, long now) {
    ParleyException exception = ParleyException.of(error);
    if (error.getClosesStream()) {
      lost(stream, exception, now);
    } else {
      presence.refused(error);
      listener.onError(exception);
    }
  }

  /** The server broke its order so that only resuming from the cursors helps. */
  void broken(SessionStream stream, Violation violation, long now) {
    listener.onViolation(violation);
    lost(stream, ParleyException.local(Status.Code.DATA_LOSS, ErrorReason.ERROR_REASON_UNSPECIFIED,
        "Resuming after " + violation), now);
  }

  void lost(SessionStream stream, ParleyException cause, long now) {
    drop(stream);
    if (stream == current && next != null) {
      // Whatever ended the old stream, be it displaced by our own new one, the hand-over is under way.
      promote(now);
      return;
    }
    if (cause.reason() == ErrorReason.ERROR_REASON_DISPLACED
        || (cause.tokenRefused() && stream.token() != null && stream.token().equals(refusedToken))) {
      terminate(cause);
      return;
    }
    if (cause.tokenRefused()) {
      refusedToken = stream.token();
    }
    if (stream.caughtUp() && now - stream.caughtUpAt() >= STABLE_MILLIS) {
      backoff.reset();
    }
    listener.onError(cause);
    if (stream == next) {
      next = null;
      openAt = now + wait(cause);
    } else {
      current = null;
      openAt = now + wait(cause);
      become(SessionState.DISCONNECTED, cause);
      presence.lost();
    }
  }

  void receipt(SessionStream stream, Receipt receipt) {
    if (stream == current) {
      listener.onReceipt(receipt);
    }
  }

  void typing(SessionStream stream, Typing typing) {
    if (stream == current) {
      listener.onTyping(typing);
    }
  }

  void presence(SessionStream stream, PresenceUpdate update) {
    if (stream == current) {
      presence.update(update);
    }
  }

  void unknownFrame() {
    unknownFrames++;
  }

  // ------------------------------------------------------------ state

  SessionState state() {
    return state;
  }

  /** Whom the newest Welcome has named; empty before the first. */
  String userId() {
    return userId;
  }

  /** Which router holds the session, as the newest Welcome says; empty before the first. */
  String router() {
    return router;
  }

  /** How many frames came that this client does not know. */
  long unknownFrames() {
    return unknownFrames;
  }

  private long wait(ParleyException cause) {
    return Math.max(cause.retryAfter().toMillis(), backoff.nextMillis());
  }

  private SessionStream open(long now) {
    Duration limit = options.connectTimeout();
    SessionStream stream = new SessionStream(++streams, this, now + limit.toMillis());
    wire.open(stream.id);
    return stream;
  }

  /** The next stream becomes the current one, whose place is free. */
  private void promote(long now) {
    current = next;
    next = null;
    openAt = Outbox.NEVER;
    if (current == null || current.welcome() == null) {
      become(SessionState.CONNECTING, null);
    } else {
      welcomed(current, now);
    }
  }

  private void drop(SessionStream stream) {
    stream.end();
    outbox.streamLost(stream.id);
    wire.close(stream.id);
  }

  private void terminate(@Nullable ParleyException cause) {
    if (state == SessionState.CLOSED) {
      return;
    }
    if (current != null) {
      drop(current);
    }
    if (next != null) {
      drop(next);
    }
    current = null;
    next = null;
    openAt = Outbox.NEVER;
    places.flush();
    become(SessionState.CLOSED, cause);
    outbox.close(cause == null ? closedByCaller() : cause);
  }

  private void become(SessionState newState, @Nullable ParleyException cause) {
    if (state != newState) {
      state = newState;
      listener.onState(newState, cause);
    }
  }

  private @Nullable SessionStream stream(int id) {
    if (current != null && current.id == id) {
      return current;
    }
    return next != null && next.id == id ? next : null;
  }

  private static ParleyException closedByCaller() {
    return ParleyException.local(
        Status.Code.CANCELLED, ErrorReason.ERROR_REASON_UNSPECIFIED, "The session was closed");
  }
}
