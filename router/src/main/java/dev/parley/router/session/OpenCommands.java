package dev.parley.router.session;

import dev.parley.chassis.telemetry.Traced;
import dev.parley.conversation.Request;
import dev.parley.router.shard.Answer;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.v1.Cursor;
import dev.parley.v1.Durability;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.SendResult;
import dev.parley.v1.ServerFrame;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Commands of a session that have no answer yet, known by the fingerprint that their events carry on the log. */
final class OpenCommands {
  private static final String ABANDONED = "ABANDONED";

  private final Durability durability;
  private final SessionMetrics metrics;
  private final Map<Key, Open> open = new HashMap<>();
  /** Outcomes that wait for their place in the order, by the same fingerprints. */
  private final Map<Key, Held> held = new HashMap<>();

  /** An id belongs to a conversation: the same one elsewhere is another command. */
  private record Key(String conversationId, long fingerprint) {
    static Key of(Request request) {
      return new Key(request.conversationId(), request.fingerprint());
    }
  }

  /** A command without an answer, and when it came, as {@link SessionMetrics#begin} says; {@code span}: follows it. */
  private record Open(Request request, long begun, @Nullable Traced span) {}

  /** A command that is on the log, whose event has not been delivered yet. */
  record Held(Request request, Answer.Stored stored) {
    long seq() {
      return stored.cursor().getSeq();
    }
  }

  OpenCommands(Durability durability, SessionMetrics metrics) {
    this.durability = durability;
    this.metrics = metrics;
  }

  int size() {
    return open.size();
  }

  /** What a command is to those that are open. */
  Kind kind(Request request) {
    Open known = open.get(Key.of(request));
    if (known == null) {
      return Kind.NEW;
    }
    return known.request.bodyHash() == request.bodyHash() ? Kind.SAME : Kind.CONFLICT;
  }

  /** Remembers a command that is {@link Kind#NEW}, and returns it as it goes on: with its trace, if one begins here. */
  Request open(Request checked) {
    Traced span = metrics.traces().begin("send");
    Request request = span == null ? checked : checked.traced(span.context());
    open.put(Key.of(request), new Open(request, metrics.begin(), span));
    return request;
  }

  /** What a command may be to those that are open. */
  enum Kind {
    /** There is none with its id. */
    NEW,
    /** It is open already: its answer will do for both. */
    SAME,
    /** Its id is open already with another body. */
    CONFLICT
  }

  boolean isOpen(Request request) {
    Open there = open.get(Key.of(request));
    return there != null && there.request == request;
  }

  /** A command is answered; {@code refusal}: why it was refused; null: it is stored. */
  void remove(Request request, @Nullable ErrorReason refusal) {
    Key key = Key.of(request);
    Open there = open.get(key);
    if (there != null && there.request == request) {
      open.remove(key);
      metrics.answered(there.begun, refusal);
      if (there.span != null) {
        ended(there.span, refusal);
      }
    }
    held.remove(key);
  }

  /** Nobody waits for the answers any more. */
  void abandon() {
    for (Open one : open.values()) {
      metrics.abandoned();
      if (one.span != null) {
        one.span.fail(ABANDONED);
      }
    }
    open.clear();
    held.clear();
  }

  private static void ended(Traced span, @Nullable ErrorReason refusal) {
    if (refusal == null) {
      span.end();
    } else {
      span.fail(refusal.name());
    }
  }

  /** The command is on the log; its answer comes with its event, or when it is known that the event is passed over. */
  void hold(Request request, Answer.Stored stored) {
    held.put(Key.of(request), new Held(request, stored));
  }

  /** Conversations with held outcomes. */
  Set<String> heldConversations() {
    return held.values().stream().map(one -> one.request.conversationId()).collect(Collectors.toSet());
  }

  /** The held outcome with the smallest seq in a conversation; null: there is none. */
  @Nullable Held firstHeld(String conversationId) {
    return heldUpTo(conversationId, Long.MAX_VALUE).stream().findFirst().orElse(null);
  }

  /** The held outcomes of a conversation up to this seq, in order. */
  List<Held> heldUpTo(String conversationId, long seq) {
    if (held.isEmpty()) {
      return List.of();
    }
    List<Held> found = new ArrayList<>();
    for (Held one : held.values()) {
      if (one.seq() <= seq && one.request.conversationId().equals(conversationId)) {
        found.add(one);
      }
    }
    found.sort(Comparator.comparingLong(Held::seq));
    return found;
  }

  /** One of the record's events is one of these commands. */
  boolean touches(CommittedRecord record) {
    if (open.isEmpty()) {
      return false;
    }
    for (int i = 0; i < record.record().getFingerprintsCount(); i++) {
      if (open.containsKey(new Key(record.conversationId(), record.record().getFingerprints(i)))) {
        return true;
      }
    }
    return false;
  }

  /** The answer that stands for this event, if it is one of these commands; it is not open any more then. */
  ServerFrame.@Nullable Builder resultFor(CommittedRecord record, long seq) {
    int index = (int) (seq - record.firstSeq());
    Open there = open.get(new Key(record.conversationId(), record.record().getFingerprints(index)));
    if (there == null || there.request.bodyHash() != record.record().getBodyHashes(index)) {
      return null;
    }
    Request request = there.request;
    remove(request, null);
    Event event = record.event(seq);
    Cursor cursor = Cursor.newBuilder().setSeq(seq).setPosition(record.position()).setTerm(record.term()).build();
    return result(request, new Answer.Stored(cursor, event.getTime(), event.getMessageCount(), false, event));
  }

  /** The answer to a command that is on the log. */
  ServerFrame.Builder result(Request request, Answer.Stored stored) {
    return ServerFrame.newBuilder()
        .setSendResult(
            SendResult.newBuilder()
                .setClientEventId(request.command().getClientEventId())
                .setConversationId(request.conversationId())
                .setStored(stored.toProto(durability)));
  }
}
