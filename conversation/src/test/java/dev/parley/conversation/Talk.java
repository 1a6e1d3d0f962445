package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.parley.conversation.Decision.Append;
import dev.parley.conversation.Decision.NeedsTarget;
import dev.parley.conversation.Decision.Refused;
import dev.parley.conversation.Decision.Repeated;
import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Command;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.Term;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** One conversation with a clock that tests move: decides, stores each event as a record of its own, and remembers. */
public final class Talk {
  public static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
  public static final Term TERM = Term.newBuilder().setNumber(7).setIncarnation(99).build();
  public static final String GROUP = "01900000-0000-7000-8000-000000000001";

  public final List<Event> events = new ArrayList<>();
  public final List<LogRecord> records = new ArrayList<>();
  public ConversationState state;
  public Instant now = START;
  public Facts facts = Facts.NONE;
  public ConversationLimits limits = ConversationLimits.DEFAULT;

  public Talk(String conversationId) {
    state = ConversationState.absent(conversationId);
  }

  /** An invite-only group that ann owns. */
  public static Talk group(String... members) {
    return group(HistoryPolicy.HISTORY_POLICY_FROM_JOIN, JoinPolicy.JOIN_POLICY_INVITE_ONLY, members);
  }

  public static Talk group(HistoryPolicy history, JoinPolicy join, String... members) {
    Talk talk = new Talk(GROUP);
    talk.done("ann", Commands.group(history, join, members));
    return talk;
  }

  public static Talk direct(String userA, String userB) {
    Talk talk = new Talk(ConversationIds.direct(userA, userB));
    talk.done(userA, Commands.direct(userB));
    return talk;
  }

  /** A request with a new id of this moment. */
  public Request request(String user, Command.Builder command) {
    boolean direct = Request.isDirectCreation(command.build());
    return Request.of(user, command
        .setClientEventId(ClientEventIds.create(now))
        .setConversationId(direct ? "" : state.conversationId())
        .build());
  }

  /** Decides and, if it is an event, stores it. Targets are read as they are asked for. */
  public Decision decide(Request request) {
    Decision decision = Decider.decide(state, request, facts, now, limits);
    if (decision instanceof NeedsTarget(long seq)) {
      Facts read = facts.withTarget(Facts.Target.of(events.get((int) seq - 1)));
      decision = Decider.decide(state, request, read, now, limits);
    }
    if (decision instanceof Append(Event event)) {
      store(request, event);
    }
    return decision;
  }

  public Decision decide(String user, Command.Builder command) {
    return decide(request(user, command));
  }

  /** Does it and gives the event. */
  public Event done(String user, Command.Builder command) {
    Decision decision = decide(user, command);
    assertThat(decision).isInstanceOf(Append.class);
    return ((Append) decision).event();
  }

  /** Tries it and gives the reason of the refusal. */
  public ErrorReason refused(String user, Command.Builder command) {
    return refusal(decide(user, command)).reason();
  }

  public static Refusal refusal(Decision decision) {
    assertThat(decision).isInstanceOf(Refused.class);
    return ((Refused) decision).refusal();
  }

  public static void assertRepeated(Decision decision, long seq) {
    assertThat(decision).isEqualTo(new Repeated(seq));
  }

  public void messages(String user, int count) {
    for (int i = 0; i < count; i++) {
      done(user, Commands.message("m"));
    }
  }

  /** A member or former member. */
  public Membership member(String user) {
    return Objects.requireNonNull(state.member(user));
  }

  /** Who is a member now, in the order of the state. */
  public List<String> memberIds() {
    return ids(state.members());
  }

  static List<String> ids(Iterable<Membership> members) {
    List<String> ids = new ArrayList<>();
    members.forEach(member -> ids.add(member.userId()));
    return ids;
  }

  public void later(Duration time) {
    now = now.plus(time);
  }

  private void store(Request request, Event event) {
    ByteString recordId = ByteString.copyFromUtf8("record " + event.getSeq());
    LogRecord record =
        Records.build(state, List.of(event), List.of(Records.Ids.of(request)), TERM, recordId, now);
    events.add(event);
    records.add(record);
    state = state
        .with(event, request.fingerprint(), request.bodyHash(), now)
        .stored(record, position(event.getSeq()), record.getSerializedSize());
  }

  /** Records of others lie between. */
  public static long position(long seq) {
    return seq * 3;
  }
}
