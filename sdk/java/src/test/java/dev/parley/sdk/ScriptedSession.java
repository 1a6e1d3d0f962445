package dev.parley.sdk;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.parley.v1.CatchUp;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationCursor;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.Events;
import dev.parley.v1.Following;
import dev.parley.v1.Head;
import dev.parley.v1.Heads;
import dev.parley.v1.Limits;
import dev.parley.v1.Message;
import dev.parley.v1.Reconnect;
import dev.parley.v1.SendResult;
import dev.parley.v1.SeqRange;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Stored;
import dev.parley.v1.Term;
import dev.parley.v1.User;
import dev.parley.v1.Welcome;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A protocol under test, with a server and a clock that the test plays by hand. */
final class ScriptedSession implements Wire, SessionListener {
  static final String A = "01890000-0000-7000-8000-00000000000a";
  static final String B = "01890000-0000-7000-8000-00000000000b";
  static final long HEARTBEAT = 20_000;
  static final Term TERM = Term.newBuilder().setNumber(7).build();

  final List<String> heard = new ArrayList<>();
  final List<Violation> violations = new ArrayList<>();
  final List<ParleyException> errors = new ArrayList<>();
  final List<Integer> open = new ArrayList<>();
  final List<Sent> sent = new ArrayList<>();
  final List<Integer> tokensAsked = new ArrayList<>();
  final SessionProtocol protocol;
  SessionState state = SessionState.CONNECTING;
  long now = 1_000;
  int newest;

  record Sent(int stream, ClientFrame frame) {}

  ScriptedSession(SessionOptions options) {
    ServerClock clock = new ServerClock(() -> now, 1_700_000_000_000L);
    Backoff backoff = new Backoff(options.backoffBase(), options.backoffMax(), new SplittableRandom(1));
    protocol = new SessionProtocol(options, clock, new ClientEventIds(clock::millis), backoff, this, this);
    protocol.start(now);
  }

  static ScriptedSession fresh() {
    return new ScriptedSession(SessionOptions.forDevice("d1"));
  }

  /** A session that is live in A and B from seq 0 on. */
  static ScriptedSession live() {
    ScriptedSession session = fresh();
    session.accept();
    session.says(following(A, 0));
    session.says(following(B, 0));
    session.complete();
    return session;
  }

  // ---------------------------------------------------------- the server's side

  /** Opens the newest stream and welcomes it. */
  void accept() {
    protocol.opened(newest, "token");
    says(welcome());
  }

  static ServerFrame.Builder welcome() {
    return ServerFrame.newBuilder().setWelcome(
        Welcome.newBuilder()
            .setServerTime(Timestamp.newBuilder().setSeconds(1_700_000_100))
            .setHeartbeat(Duration.newBuilder().setSeconds(HEARTBEAT / 1000))
            .setLimits(Limits.newBuilder().setUnacknowledgedFrames(40).setOpenCommands(8))
            .setUser(User.newBuilder().setUserId("me")));
  }

  void says(ServerFrame.Builder frame) {
    says(newest, frame);
  }

  void says(int stream, ServerFrame.Builder frame) {
    protocol.frame(stream, frame.build(), now);
  }

  void complete() {
    says(ServerFrame.newBuilder().setCatchUp(CatchUp.newBuilder().setComplete(true)));
  }

  static ServerFrame.Builder following(String conversation, long after, long... ranges) {
    Following.Builder following = Following.newBuilder().setConversationId(conversation).setAfterSeq(after)
        .setHead(Cursor.newBuilder().setSeq(after).setPosition(after).setTerm(TERM));
    if (ranges.length == 0) {
      following.addReadable(SeqRange.newBuilder().setFirstSeq(1));
    }
    for (int i = 0; i < ranges.length; i += 2) {
      following.addReadable(SeqRange.newBuilder().setFirstSeq(ranges[i]).setLastSeq(ranges[i + 1]));
    }
    return ServerFrame.newBuilder().setCatchUp(CatchUp.newBuilder().addFollowing(following));
  }

  static ServerFrame.Builder events(String conversation, long... seqs) {
    Events.Builder events = Events.newBuilder().setConversationId(conversation).setPosition(9).setTerm(TERM);
    for (long seq : seqs) {
      events.addEvents(Event.newBuilder().setSeq(seq).setSenderId("other")
          .setMessage(Message.newBuilder().setText("m" + seq)));
    }
    return ServerFrame.newBuilder().setEvents(events);
  }

  static ServerFrame.Builder stored(String id, String conversation, long seq, boolean repeated) {
    return ServerFrame.newBuilder().setSendResult(
        SendResult.newBuilder().setClientEventId(id).setConversationId(conversation).setStored(
            Stored.newBuilder().setCursor(Cursor.newBuilder().setSeq(seq).setPosition(seq).setTerm(TERM))
                .setRepeated(repeated)));
  }

  static ServerFrame.Builder refused(String id, String reason, int retrySeconds) {
    return ServerFrame.newBuilder().setSendResult(
        SendResult.newBuilder().setClientEventId(id).setConversationId(A).setRefused(
            dev.parley.v1.Error.newBuilder()
                .setInfo(ErrorInfo.newBuilder().setReason(reason).setDomain("parley"))
                .setRetry(RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setSeconds(retrySeconds)))));
  }

  static ServerFrame.Builder reconnect(String reason, int afterSeconds) {
    return ServerFrame.newBuilder().setReconnect(
        Reconnect.newBuilder().setReason(reason).setAfter(Duration.newBuilder().setSeconds(afterSeconds)));
  }

  static ServerFrame.Builder heads(long digest, Head... heads) {
    return ServerFrame.newBuilder().setHeads(
        Heads.newBuilder().setDigest(digest).setAll(heads.length > 0).addAllHeads(List.of(heads)));
  }

  static Head head(String conversation, long seq) {
    return Head.newBuilder().setConversationId(conversation).setSeq(seq).build();
  }

  void cut(int stream) {
    protocol.closed(stream, ParleyException.of(Status.UNAVAILABLE.asRuntimeException()), now);
  }

  // ---------------------------------------------------------- the client's side

  CompletableFuture<Answer> send(String conversation, String id) {
    return send(conversation, id, 30_000);
  }

  CompletableFuture<Answer> send(String conversation, String id, long timeoutMillis) {
    PendingCommand pending = new PendingCommand(
        Command.newBuilder().setConversationId(conversation).setClientEventId(id)
            .setMessage(Message.newBuilder().setText("own " + id)).build(),
        now + timeoutMillis);
    protocol.send(pending, now);
    return pending.answer;
  }

  /** Moves the clock, letting everything happen on the way that is due. */
  void pass(long millis) {
    long end = now + millis;
    while (protocol.nextTick() <= end) {
      now = Math.max(now, protocol.nextTick());
      protocol.tick(now);
    }
    now = end;
  }

  List<ClientFrame> sentOn(int stream, ClientFrame.FrameCase kind) {
    List<ClientFrame> frames = new ArrayList<>();
    for (Sent each : sent) {
      if (each.stream() == stream && each.frame().getFrameCase() == kind) {
        frames.add(each.frame());
      }
    }
    return frames;
  }

  List<String> commandsOn(int stream) {
    List<String> ids = new ArrayList<>();
    for (ClientFrame frame : sentOn(stream, ClientFrame.FrameCase.COMMAND)) {
      ids.add(frame.getCommand().getClientEventId());
    }
    return ids;
  }

  /** The seq of the cursor that the stream's first cursors frame has for the conversation; -1: none. */
  long cursorOn(int stream, String conversation) {
    for (ConversationCursor each : sentOn(stream, ClientFrame.FrameCase.CURSORS).getFirst().getCursors().getCursorsList()) {
      if (each.getConversationId().equals(conversation)) {
        return each.getCursor().getSeq();
      }
    }
    return -1;
  }

  List<Violation.Kind> violationKinds() {
    List<Violation.Kind> kinds = new ArrayList<>();
    violations.forEach(violation -> kinds.add(violation.kind()));
    return kinds;
  }

  // ---------------------------------------------------------- what is recorded

  @Override
  public void open(int stream) {
    newest = stream;
    open.add(stream);
  }

  @Override
  public void send(int stream, ClientFrame frame) {
    sent.add(new Sent(stream, frame));
  }

  @Override
  public void close(int stream) {
    open.remove((Integer) stream);
  }

  @Override
  public void fetchToken(int stream) {
    tokensAsked.add(stream);
  }

  @Override
  public void onEvent(String conversationId, Event event, Cursor cursor) {
    heard.add((conversationId.equals(A) ? "A" : "B") + event.getSeq());
  }

  @Override
  public void onViolation(Violation violation) {
    violations.add(violation);
  }

  @Override
  public void onError(ParleyException error) {
    errors.add(error);
  }

  @Override
  public void onState(SessionState newState, @Nullable ParleyException cause) {
    state = newState;
  }
}
