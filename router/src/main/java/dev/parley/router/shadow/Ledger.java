package dev.parley.router.shadow;

import dev.parley.router.shadow.Difference.Kind;
import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.Reset;
import dev.parley.v1.SendResult;
import dev.parley.v1.ServerFrame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one client was sent since it was compared last, conversation by conversation: of each event its number and a hash.
 * Knows nothing of how the session decides what to send: it reads the frames as the client does.
 *
 * <p>Not thread-safe. Holds at most {@link #MOST_EVENTS}; a conversation that goes above is passed over, not compared.
 */
final class Ledger {
  /** Some 100 bytes each. */
  static final int MOST_EVENTS = 4_096;

  /** Of events that are compared at a time. */
  static final int PAGE = 64;

  private static final int OWN = 0;

  private final String userId;
  private final Map<String, Sent> conversations = new HashMap<>();
  private int events;

  Ledger(String userId) {
    this.userId = userId;
  }

  /** What was sent of one conversation. Everything up to {@code compared} is done with. */
  private static final class Sent {
    private final NavigableMap<Long, Integer> hashes = new TreeMap<>();
    private long compared;
    private long newest;

    Sent(long after) {
      compared = after;
      newest = after;
    }
  }

  /**
   * Something to be compared.
   *
   * @param afterSeq everything up to here is done with
   * @param lastSeq up to here, at most {@link #PAGE} events
   */
  record Question(String conversationId, long afterSeq, long lastSeq, Object of) {}

  /**
   * What a comparison brought.
   *
   * @param events how many were compared
   */
  record Compared(int events, List<Difference> differences) {}

  /** A frame was sent. Returns what is wrong with it by itself. */
  List<Difference> sent(ServerFrame frame) {
    List<Difference> wrong = new ArrayList<>(0);
    switch (frame.getFrameCase()) {
      case CATCH_UP -> frame.getCatchUp().getFollowingList().forEach(this::followed);
      case RESET -> reset(frame.getReset());
      case EVENTS -> {
        String id = frame.getEvents().getConversationId();
        for (Event event : frame.getEvents().getEventsList()) {
          Kind kind = event(id, event);
          if (kind != null) {
            wrong.add(new Difference(kind, userId, id, event.getSeq()));
          }
        }
        keepSmall(id);
      }
      case SEND_RESULT -> {
        own(frame.getSendResult());
        keepSmall(frame.getSendResult().getConversationId());
      }
      default -> { /* says nothing of events */ }
    }
    return wrong;
  }

  private void followed(Following following) {
    conversations.computeIfAbsent(following.getConversationId(), id -> new Sent(following.getAfterSeq()));
  }

  private void reset(Reset reset) {
    forget(reset.getConversationId());
    conversations.put(reset.getConversationId(), new Sent(reset.getNext().getSeq()));
  }

  private @Nullable Kind event(String id, Event event) {
    long seq = event.getSeq();
    Sent sent = conversations.computeIfAbsent(id, first -> new Sent(seq - 1));
    Integer before = sent.hashes.get(seq);
    if (seq <= sent.newest && before == null) {
      return seq <= sent.compared ? Kind.DOUBLED : Kind.REORDERED;
    }
    if (before != null && before != OWN) {
      return Kind.DOUBLED;
    }
    put(sent, seq, event.hashCode() | 1);
    return null;
  }

  /** The outcome of a command stands in the place of its event, unless the event was sent before. */
  private void own(SendResult result) {
    if (result.hasStored() && !result.getStored().getRepeated()) {
      long seq = result.getStored().getCursor().getSeq();
      Sent sent = conversations.computeIfAbsent(result.getConversationId(), first -> new Sent(seq - 1));
      if (seq > sent.newest) {
        put(sent, seq, OWN);
      }
    }
  }

  private void put(Sent sent, long seq, int hash) {
    if (sent.hashes.put(seq, hash) == null) {
      events++;
    }
    sent.newest = Math.max(sent.newest, seq);
  }

  private void keepSmall(String id) {
    Sent sent = conversations.get(id);
    if (events > MOST_EVENTS && sent != null) {
      forget(id);
      conversations.put(id, new Sent(sent.newest));
    }
  }

  private void forget(String id) {
    Sent sent = conversations.remove(id);
    if (sent != null) {
      events -= sent.hashes.size();
    }
  }

  /** What is to be compared now: of each conversation that something was sent of, the oldest events. */
  List<Question> questions() {
    List<Question> questions = new ArrayList<>();
    conversations.forEach(
        (id, sent) -> {
          if (!sent.hashes.isEmpty()) {
            long last = sent.hashes.keySet().stream().skip(PAGE - 1).findFirst().orElse(sent.newest);
            questions.add(new Question(id, sent.compared, last, sent));
          }
        });
    return questions;
  }

  /**
   * Compares, and is done with what was compared.
   *
   * @param log what the user may read behind {@link Question#afterSeq}, growing
   * @param more there is more than that: what lies behind it is compared another time
   */
  Compared compare(Question question, List<Event> log, boolean more) {
    List<Difference> wrong = new ArrayList<>(0);
    String id = question.conversationId();
    Sent sent = conversations.get(id);
    if (sent == null || sent != question.of() || (more && log.isEmpty())) {
      return new Compared(0, wrong); // begun anew meanwhile, or nothing was read
    }
    long upTo = more ? Math.min(question.lastSeq(), log.getLast().getSeq()) : question.lastSeq();
    NavigableMap<Long, Integer> asked = sent.hashes.headMap(upTo, true);
    Set<Long> there = new HashSet<>();
    for (Event event : log) {
      long seq = event.getSeq();
      if (seq > question.afterSeq() && seq <= upTo) {
        there.add(seq);
        Integer hash = asked.get(seq);
        if (hash == null) {
          wrong.add(new Difference(Kind.MISSING, userId, id, seq));
        } else if (hash != OWN && !event.getDeleted() && hash != (event.hashCode() | 1)) {
          wrong.add(new Difference(Kind.DIFFERENT, userId, id, seq));
        }
      }
    }
    asked.forEach(
        (seq, hash) -> {
          if (hash != OWN && !there.contains(seq)) {
            wrong.add(new Difference(Kind.FOREIGN, userId, id, seq));
          }
        });
    return new Compared(done(sent, upTo), wrong);
  }

  /** What was asked cannot be compared any more: the log went back, or was trimmed. */
  void passOver(Question question) {
    Sent sent = conversations.get(question.conversationId());
    if (sent != null && sent == question.of()) {
      done(sent, question.lastSeq());
    }
  }

  private int done(Sent sent, long upTo) {
    NavigableMap<Long, Integer> done = sent.hashes.headMap(upTo, true);
    int count = done.size();
    done.clear();
    events -= count;
    sent.compared = upTo;
    return count;
  }
}
