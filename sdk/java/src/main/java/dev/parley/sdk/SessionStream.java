package dev.parley.sdk;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Events;
import dev.parley.v1.Following;
import dev.parley.v1.HeadsRequest;
import dev.parley.v1.Hello;
import dev.parley.v1.ReadMark;
import dev.parley.v1.RefreshToken;
import dev.parley.v1.Reset;
import dev.parley.v1.SendResult;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Stored;
import dev.parley.v1.Term;
import dev.parley.v1.Welcome;
import io.grpc.Status;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One Connect stream: what it follows, what it owes, when it counts as dead. Passes events on when they are new to the
 * device and checks that they come in order; decides nothing about other streams.
 *
 * <p>Times are milliseconds of the protocol's clock. Not thread-safe.
 */
final class SessionStream {
  private static final long DEFAULT_HEARTBEAT_MILLIS = 20_000;
  private static final int DEFAULT_WINDOW = 64;
  /** A token is refreshed this long before its end, or after 4/5 of its time if that comes earlier. */
  private static final long REFRESH_LEAD_MILLIS = 60_000;

  final int id;
  private final SessionProtocol session;
  private final Map<String, Follow> follows = new HashMap<>();
  private final CreditLedger credit = new CreditLedger();
  private final HeadWatch headWatch = new HeadWatch(follows);
  /** The cursors that this stream was given and that the server has not taken up yet. */
  private final Map<String, Long> askedFrom = new HashMap<>();

  private @Nullable String token;
  private @Nullable Welcome welcome;
  private boolean caughtUp;
  private boolean ended;
  private long heartbeatMillis = DEFAULT_HEARTBEAT_MILLIS;
  private long deadAt;
  private long refreshAt = Outbox.NEVER;
  private long caughtUpAt;

  SessionStream(int id, SessionProtocol session, long connectDeadline) {
    this.id = id;
    this.session = session;
    this.deadAt = connectDeadline;
  }

  /** The stream is open: says who is there and where the device stands. */
  void opened(String withToken) {
    token = withToken;
    Hello hello =
        Hello.newBuilder().setDeviceId(session.options.deviceId()).setClient(session.options.client()).build();
    send(ClientFrame.newBuilder().setHello(hello).build());
    for (ClientFrame cursors : session.places.cursorFrames()) {
      cursors.getCursors().getCursorsList().forEach(
          each -> askedFrom.put(each.getConversationId(), each.getCursor().getSeq()));
      send(cursors);
    }
  }

  @Nullable String token() {
    return token;
  }

  /** What the server said at the beginning; null: nothing yet. */
  @Nullable Welcome welcome() {
    return welcome;
  }

  boolean caughtUp() {
    return caughtUp;
  }

  /** When everything that was missed had come. */
  long caughtUpAt() {
    return caughtUpAt;
  }

  /** Nothing of this stream counts any more. */
  void end() {
    ended = true;
  }

  void frame(ServerFrame frame, long now) {
    if (ended) {
      return;
    }
    if (welcome != null) {
      deadAt = now + 3 * heartbeatMillis;
    }
    switch (frame.getFrameCase()) {
      case EVENTS -> events(frame.getEvents(), now);
      case SEND_RESULT -> sendResult(frame.getSendResult(), now);
      case RECEIPT -> session.receipt(this, frame.getReceipt());
      case TYPING -> session.typing(this, frame.getTyping());
      case PRESENCE -> session.presence(this, frame.getPresence());
      case HEADS -> {
        boolean idle = caughtUp && session.outbox.size() == 0;
        if (headWatch.heard(frame.getHeads(), idle, heartbeatMillis, now)) {
          send(ClientFrame.newBuilder().setHeadsRequest(HeadsRequest.getDefaultInstance()).build());
        }
      }
      case WELCOME -> welcomed(frame.getWelcome(), now);
      case CATCH_UP -> {
        frame.getCatchUp().getFollowingList().forEach(following -> follow(following, now));
        if (frame.getCatchUp().getComplete() && !caughtUp) {
          caughtUp = true;
          caughtUpAt = now;
          session.caughtUp(this, now);
        }
      }
      case RECONNECT ->
          session.reconnect(this, frame.getReconnect().getReason(), now + millis(frame.getReconnect().getAfter()), now);
      case RESET -> reset(frame.getReset(), now);
      case ERROR -> session.error(this, frame.getError(), now);
      case FRAME_NOT_SET -> session.unknownFrame();
    }
    credit.frameProcessed();
    if (!ended && credit.due(now)) {
      credit.acknowledge(id, session.wire, now);
    }
  }

  void tick(long now) {
    if (now >= deadAt) {
      session.lost(this, ParleyException.local(Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_UNSPECIFIED,
          welcome == null ? "The server did not welcome the session in time"
              : "Nothing was heard from the server for three heartbeats"), now);
      return;
    }
    if (credit.due(now)) {
      credit.acknowledge(id, session.wire, now);
      session.places.flush();
    }
    if (now >= refreshAt) {
      refreshAt = Outbox.NEVER;
      session.wire.fetchToken(id);
    }
    Violation missing = headWatch.check(heartbeatMillis, now);
    if (missing != null) {
      session.broken(this, missing, now);
    }
  }

  long nextTick() {
    return Math.min(Math.min(deadAt, credit.dueAt()), Math.min(refreshAt, headWatch.nextCheck()));
  }

  /** A newer token has come: the server gets it too. */
  void refresh(String newToken, long now) {
    if (!newToken.equals(token)) {
      token = newToken;
      send(ClientFrame.newBuilder().setRefreshToken(RefreshToken.newBuilder().setToken(newToken)).build());
      TokenExpiry.millis(newToken).ifPresent(expiry -> planRefresh(expiry - session.clock.millis(), now));
    }
  }

  private void planRefresh(long lifeMillis, long now) {
    refreshAt = now + Math.max(lifeMillis - REFRESH_LEAD_MILLIS, lifeMillis * 4 / 5);
  }

  private void welcomed(Welcome said, long now) {
    welcome = said;
    long beat = millis(said.getHeartbeat());
    heartbeatMillis = beat > 0 ? beat : DEFAULT_HEARTBEAT_MILLIS;
    deadAt = now + 3 * heartbeatMillis;
    int window = said.getLimits().getUnacknowledgedFrames();
    credit.agree(window > 0 ? window : DEFAULT_WINDOW, heartbeatMillis, now);
    session.clock.serverSaid(millis(said.getServerTime()));
    if (said.hasTokenExpireTime()) {
      planRefresh(millis(said.getTokenExpireTime()) - millis(said.getServerTime()), now);
    }
    session.welcomed(this, now);
  }

  private void follow(Following following, long now) {
    Place place = session.places.enter(following);
    Long asked = askedFrom.remove(following.getConversationId());
    if (asked != null && asked != following.getAfterSeq()) {
      session.listener.onViolation(violation(Violation.Kind.RESUMED_ELSEWHERE, place, following.getAfterSeq(), asked,
          "The cursor said " + asked));
    }
    Follow follow =
        follows.computeIfAbsent(following.getConversationId(), id -> new Follow(place, following.getAfterSeq()));
    follow.restart(following);
    headWatch.changed(follow, now);
    if (place.readMark() > following.getReadSeq()) {
      send(readMark(place));
    }
    session.listener.onFollowing(following);
  }

  static ClientFrame readMark(Place place) {
    ReadMark mark =
        ReadMark.newBuilder().setConversationId(place.conversationId).setSeq(place.readMark()).build();
    return ClientFrame.newBuilder().setReadMark(mark).build();
  }

  private void events(Events events, long now) {
    Follow follow = follows.get(events.getConversationId());
    if (follow == null) {
      session.broken(this, new Violation(Violation.Kind.UNANNOUNCED, events.getConversationId(),
          events.getEventsCount() == 0 ? 0 : events.getEvents(0).getSeq(), 0, "Events that no CatchUp announced"), now);
      return;
    }
    for (int i = 0; i < events.getEventsCount() && !ended; i++) {
      event(follow, events.getEvents(i), events.getPosition(), events.getTerm(), now);
    }
  }

  private void event(Follow follow, Event event, long position, Term term, long now) {
    long seq = event.getSeq();
    long last = follow.last();
    long expected = follow.successor(last);
    if (seq != expected) {
      outOfOrder(follow, seq, last, expected, now);
      return;
    }
    Place place = follow.place;
    if (seq > place.last() && seq != follow.successor(place.last())) {
      session.broken(this, violation(Violation.Kind.GAP, place, seq, place.last(),
          "The stream began behind what the device has"), now);
      return;
    }
    follow.moveTo(seq);
    headWatch.changed(follow, now);
    credit.delivered(follow, now);
    if (seq > place.last()) {
      Cursor cursor = Cursor.newBuilder().setSeq(seq).setPosition(position).setTerm(term).build();
      session.places.move(place, cursor);
      session.listener.onEvent(place.conversationId, event, cursor);
    }
  }

  private void outOfOrder(Follow follow, long seq, long last, long expected, long now) {
    if (seq <= last) {
      session.listener.onViolation(violation(
          seq == last ? Violation.Kind.DUPLICATE : Violation.Kind.REORDERED, follow.place, seq, last,
          "It came before on this stream"));
    } else if (seq < expected) {
      session.listener.onViolation(violation(Violation.Kind.UNREADABLE, follow.place, seq, last,
          "The next event that may be read is " + expected));
    } else {
      session.broken(this,
          violation(Violation.Kind.GAP, follow.place, seq, last, "The next event is " + expected), now);
    }
  }

  private static Violation violation(Violation.Kind kind, Place place, long seq, long last, String detail) {
    return new Violation(kind, place.conversationId, seq, last, detail);
  }

  private void sendResult(SendResult result, long now) {
    PendingCommand pending = session.outbox.underWay(result.getClientEventId(), id);
    switch (result.getOutcomeCase()) {
      case STORED -> stored(result, pending, now);
      case REFUSED -> {
        if (pending != null) {
          session.outbox.refused(pending, ParleyException.of(result.getRefused()), now);
        }
      }
      case OUTCOME_NOT_SET -> session.unknownFrame();
    }
  }

  private void stored(SendResult result, @Nullable PendingCommand pending, long now) {
    Stored stored = result.getStored();
    boolean followed = follows.containsKey(result.getConversationId());
    // An answer that overtakes the announcement of a conversation is no more than an answer: the event comes when the
    // stream gets there. Only of a conversation that is new to the device it is the beginning.
    if (!stored.getRepeated() && (followed || session.places.get(result.getConversationId()) == null)) {
      standIn(result, pending, now);
    }
    if (pending != null) {
      session.outbox.stored(pending, new Answer(result.getConversationId(), stored), now);
    }
  }

  /** The result takes the place of its event in the order. */
  private void standIn(SendResult result, @Nullable PendingCommand pending, long now) {
    Stored stored = result.getStored();
    Cursor cursor = stored.getCursor();
    if (pending == null && !stored.hasEvent()) {
      session.broken(this, new Violation(Violation.Kind.UNANNOUNCED, result.getConversationId(), cursor.getSeq(), 0,
          "The outcome of a command that is not under way on this stream"), now);
      return;
    }
    Event event = pending == null ? stored.getEvent() : OwnEvent.of(pending.command, stored, session.userId());
    Follow follow = follows.computeIfAbsent(result.getConversationId(), conversation ->
        new Follow(session.places.enter(conversation, cursor.getSeq() - 1, Cursor.getDefaultInstance()),
            cursor.getSeq() - 1));
    event(follow, event, cursor.getPosition(), cursor.getTerm(), now);
  }

  private void reset(Reset reset, long now) {
    askedFrom.remove(reset.getConversationId());
    Place place = session.places.get(reset.getConversationId());
    if (place == null) {
      place = session.places.enter(reset.getConversationId(), reset.getNext().getSeq(), reset.getNext());
    }
    session.places.move(place, reset.getNext());
    Follow follow = follows.get(reset.getConversationId());
    if (follow != null) {
      follow.moveTo(reset.getNext().getSeq());
      headWatch.changed(follow, now);
    }
    session.listener.onReset(reset);
  }

  private void send(ClientFrame frame) {
    session.wire.send(id, frame);
  }

  static long millis(Duration duration) {
    return duration.getSeconds() * 1000 + duration.getNanos() / 1_000_000;
  }

  static long millis(Timestamp time) {
    return time.getSeconds() * 1000 + time.getNanos() / 1_000_000;
  }
}
