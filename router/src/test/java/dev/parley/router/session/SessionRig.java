package dev.parley.router.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.conversation.Timestamps;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.Subject;
import dev.parley.router.ManualTime;
import dev.parley.router.Say;
import dev.parley.router.shard.Answer;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.router.shard.FollowAnswer;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationCursor;
import dev.parley.v1.Credit;
import dev.parley.v1.Cursor;
import dev.parley.v1.Cursors;
import dev.parley.v1.Durability;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Hello;
import dev.parley.v1.MemberLeft;
import dev.parley.v1.MemberRemoved;
import dev.parley.v1.MembersAdded;
import dev.parley.v1.Message;
import dev.parley.v1.ResetReason;
import dev.parley.v1.SeqRange;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Term;
import dev.parley.v1.User;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A session of ann's phone; the test plays the transport, the client and the owners. */
final class SessionRig implements SessionPort {
  static final String C = Say.GROUP;
  static final Term TERM = Term.newBuilder().setNumber(7).setIncarnation(8).build();
  static final SessionLimits LIMITS =
      new SessionLimits(
          100, 20, 128 << 10, 20, 4, 500, 500, 200, 200, 20, 50, 3, 2, Duration.ofMinutes(5), 2, Duration.ofSeconds(20),
          Duration.ofSeconds(10), Duration.ofMinutes(5));

  final ManualTime time = new ManualTime();
  final Session session;
  final List<ServerFrame> written = new ArrayList<>();
  final ArrayDeque<FollowAsked> follows = new ArrayDeque<>();
  final List<String> unfollowed = new ArrayList<>();
  final ArrayDeque<Long> reads = new ArrayDeque<>();
  final ArrayDeque<Request> submitted = new ArrayDeque<>();
  final List<String> marked = new ArrayList<>();
  final List<String> typed = new ArrayList<>();
  final List<String> delivered = new ArrayList<>();
  final List<String> here = new ArrayList<>();
  final ArrayDeque<List<String>> membersAsked = new ArrayDeque<>();
  final List<String> watched = new ArrayList<>();
  final List<String> verified = new ArrayList<>();
  /** What became of commands, as it is counted. */
  final List<String> outcomes = new ArrayList<>();
  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  final List<@Nullable Refusal> closed = new ArrayList<>();
  boolean ready = true;
  boolean listing;
  int caughtUp;
  @Nullable Refusal noAllowance;

  record FollowAsked(String conversation, @Nullable Cursor cursor, Start start) {}

  SessionRig() {
    session =
        new Session(
            "s1", "router", User.newBuilder().setUserId("ann").build(), time.instant(),
            time.instant().plusSeconds(3_600), LIMITS,
            Durability.DURABILITY_SYNCED, time, this, new Counted());
  }

  /** Counts what becomes of commands, and follows each of them. */
  private final class Counted implements SessionMetrics {
    private final Traces traces =
        Traces.of(
            Telemetry.over(
                MeterProvider.noop(),
                SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(spans)).build()),
            1);

    @Override
    public Traces traces() {
      return traces;
    }

    @Override
    public void answered(long begun, @Nullable ErrorReason refusal) {
      outcomes.add(refusal == null ? "ok" : refusal.name().replace("ERROR_REASON_", ""));
    }

    @Override
    public void abandoned() {
      outcomes.add("abandoned");
    }
  }

  /** The spans that have ended: "name status". */
  List<String> ended() {
    return spans.getFinishedSpanItems().stream()
        .map(span -> (span.getName() + " " + span.getStatus().getDescription()).strip())
        .toList();
  }

  // ------------------------------------------------------------------ the port

  @Override
  public boolean ready() {
    return ready;
  }

  @Override
  public void write(EncodedFrame frame) {
    assertThat(closed.size()).as("a frame after the end").isZero();
    try {
      written.add(ServerFrame.parseFrom(frame.bytes()));
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close(@Nullable Refusal why) {
    closed.add(why);
  }

  @Override
  public void listConversations() {
    listing = true;
  }

  @Override
  public void follow(String conversationId, @Nullable Cursor cursor, Start start) {
    follows.addLast(new FollowAsked(conversationId, cursor, start));
  }

  @Override
  public void unfollow(String conversationId) {
    unfollowed.add(conversationId);
  }

  @Override
  public void read(String conversationId, long fromSeq) {
    reads.addLast(fromSeq);
  }

  @Override
  public void submit(Request request, int bytes) {
    submitted.addLast(request);
  }

  @Override
  public void mark(String conversationId, long seq) {
    marked.add(conversationId + " " + seq);
  }

  @Override
  public void delivered(String conversationId, long seq) {
    delivered.add(conversationId + " " + seq);
  }

  @Override
  public void typing(String conversationId) {
    typed.add(conversationId);
  }

  @Override
  public void present(boolean active, String inView) {
    here.add((active ? "online " : "away ") + inView);
  }

  @Override
  public void absent(boolean broke) {
    here.add(broke ? "broke" : "gone");
  }

  @Override
  public void members(String conversationId, List<String> userIds) {
    membersAsked.addLast(userIds);
  }

  @Override
  public void watch(Subject subject) {
    watched.add(subject.getUserId() + subject.getConversationId());
  }

  @Override
  public void unwatch(Subject subject) {
    watched.remove(subject.getUserId() + subject.getConversationId());
  }

  @Override
  public boolean hasBlocked(String userId, String other) {
    return userId.equals("foe");
  }

  @Override
  public void verify(String token) {
    verified.add(token);
  }

  @Override
  public @Nullable Refusal take(Allowances.Kind kind) {
    return noAllowance;
  }

  @Override
  public void caughtUp() {
    caughtUp++;
  }

  // ------------------------------------------------------------------ the client

  void send(ClientFrame.Builder frame) {
    session.frame(frame.build(), frame.build().getSerializedSize());
  }

  void hello() {
    send(ClientFrame.newBuilder().setHello(Hello.newBuilder().setDeviceId("phone")));
  }

  void cursors(long... seqOfC) {
    Cursors.Builder cursors = Cursors.newBuilder().setComplete(true);
    for (long seq : seqOfC) {
      cursors.addCursors(
          ConversationCursor.newBuilder().setConversationId(C).setCursor(Cursor.newBuilder().setSeq(seq)));
    }
    send(ClientFrame.newBuilder().setCursors(cursors));
  }

  Command command(String text) {
    Command command = Say.command(C, Say.message(text), time.instant());
    send(ClientFrame.newBuilder().setCommand(command));
    return command;
  }

  void credit(long frames) {
    send(ClientFrame.newBuilder().setCredit(Credit.newBuilder().setFrames(frames)));
  }

  void creditAll() {
    credit(written.size());
  }

  // ------------------------------------------------------------------ the owner

  /** Open, with these conversations in the list, and nothing followed yet. */
  SessionRig open(String... conversations) {
    hello();
    cursors();
    session.conversations(List.of(conversations));
    return this;
  }

  /** Open and following C, which ann may read as a whole, from its head on. */
  SessionRig following(long head) {
    open(C);
    followed(following(head, head, range(1, 0)));
    return forget();
  }

  SessionRig forget() {
    written.clear();
    return this;
  }

  void followed(FollowAnswer answer) {
    FollowAsked asked = follows.removeFirst();
    session.followed(asked.conversation, asked.cursor, asked.start, answer);
  }

  static FollowAnswer.Following following(long head, long after, SeqRange... readable) {
    boolean member = readable[readable.length - 1].getLastSeq() == 0;
    return new FollowAnswer.Following(List.of(readable), cursor(head), member, after, 0, 0, null);
  }

  static FollowAnswer.Following reset(long head) {
    return new FollowAnswer.Following(
        List.of(range(1, 0)), cursor(head), true, head, 0, 0, ResetReason.RESET_REASON_LOG_WENT_BACK);
  }

  /** The log begins behind {@code first - 1}. */
  static FollowAnswer.Following trimmed(long head, long first) {
    return new FollowAnswer.Following(
        List.of(range(first, 0)), cursor(head), true, first - 1, 0, 0, ResetReason.RESET_REASON_TRIMMED);
  }

  static SeqRange range(long first, long last) {
    return SeqRange.newBuilder().setFirstSeq(first).setLastSeq(last).build();
  }

  static Cursor cursor(long seq) {
    return Cursor.newBuilder().setSeq(seq).setPosition(seq * 3).setTerm(TERM).build();
  }

  static CommittedRecord record(Event... events) {
    return record(null, events);
  }

  /** A record whose first event is that of this request. */
  static CommittedRecord record(@Nullable Request request, Event... events) {
    LogRecord.Builder record =
        LogRecord.newBuilder().setConversationId(C).setTerm(TERM).setFirstSeq(events[0].getSeq());
    for (Event event : events) {
      Request own = event == events[0] ? request : null;
      record.addEvents(event.toByteString());
      record.addFingerprints(own == null ? -event.getSeq() : own.fingerprint());
      record.addBodyHashes(own == null ? event.getSeq() : own.bodyHash());
    }
    LogRecord built = record.build();
    return new CommittedRecord(built, built.toByteString(), events[events.length - 1].getSeq() * 3, null);
  }

  static Event message(long seq) {
    return Event.newBuilder()
        .setSeq(seq).setSenderId("bob").setMessage(Message.newBuilder().setText("m" + seq)).build();
  }

  static Event removal(long seq, String user) {
    return Event.newBuilder()
        .setSeq(seq).setSenderId("bob").setMemberRemoved(MemberRemoved.newBuilder().setUserId(user)).build();
  }

  static Event adding(long seq, String user) {
    return Event.newBuilder()
        .setSeq(seq).setSenderId("bob").setMembersAdded(MembersAdded.newBuilder().addUserIds(user)).build();
  }

  static Event leaving(long seq, String user) {
    return Event.newBuilder().setSeq(seq).setSenderId(user).setMemberLeft(MemberLeft.getDefaultInstance()).build();
  }

  void feed(CommittedRecord record) {
    session.fed(record, EncodedFrame.events(record, record.firstSeq(), record.lastSeq()));
  }

  void feed(long... seqs) {
    for (long seq : seqs) {
      feed(record(message(seq)));
    }
  }

  /** Answers the oldest read with messages of one record each. */
  void readGives(long from, long to) {
    List<CommittedRecord> records = new ArrayList<>();
    for (long seq = from; seq <= to; seq++) {
      records.add(record(message(seq)));
    }
    reads.removeFirst();
    session.read(C, records);
  }

  Answer.Stored stored(long seq, boolean repeated) {
    return new Answer.Stored(cursor(seq), Timestamps.of(time.instant()), seq, repeated, message(seq));
  }

  // ------------------------------------------------------------------ what was written

  /** Short words for the frames, in order; event frames as their seqs. */
  List<String> frames() {
    List<String> words = new ArrayList<>();
    for (ServerFrame frame : written) {
      words.add(
          switch (frame.getFrameCase()) {
            case EVENTS -> "events " + seqs(frame);
            case SEND_RESULT ->
                frame.getSendResult().hasStored()
                    ? "stored " + frame.getSendResult().getStored().getCursor().getSeq()
                    : "refused " + frame.getSendResult().getRefused().getInfo().getReason();
            case ERROR -> "error " + frame.getError().getInfo().getReason();
            case CATCH_UP ->
                frame.getCatchUp().getComplete() ? "live" : "from " + frame.getCatchUp().getFollowing(0).getAfterSeq();
            case RESET -> "reset " + frame.getReset().getNext().getSeq();
            default -> frame.getFrameCase().name().toLowerCase(java.util.Locale.ROOT);
          });
    }
    return words;
  }

  /** The seqs of all events and stored answers, in order. */
  List<Long> seqs() {
    List<Long> seqs = new ArrayList<>();
    for (ServerFrame frame : written) {
      seqs.addAll(seqs(frame));
      if (frame.getSendResult().hasStored()) {
        seqs.add(frame.getSendResult().getStored().getCursor().getSeq());
      }
    }
    return seqs;
  }

  private static List<Long> seqs(ServerFrame frame) {
    List<Long> seqs = new ArrayList<>();
    for (Event event : frame.getEvents().getEventsList()) {
      seqs.add(event.getSeq());
    }
    return seqs;
  }

  String closedWith() {
    assertThat(closed.size()).as("endings").isEqualTo(1);
    return Objects.requireNonNull(closed.getFirst()).reason().name().substring("ERROR_REASON_".length());
  }
}
