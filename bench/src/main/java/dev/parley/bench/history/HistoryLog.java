package dev.parley.bench.history;

import dev.parley.sdk.Violation;
import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.Reset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one client did and saw: its sends with their outcomes, and for each conversation the events in the order in
 * which they came. 32 bytes for an event that came, 40 for a send with its answer, some 100 for each beginning; or, when
 * it keeps nothing, only what the client itself noticed.
 *
 * <p>Thread-safe; calls about received events must come in their order.
 */
public final class HistoryLog {
  private final String client;
  private final String userId;
  private final boolean keeps;
  private final LongSupplier nanos;
  private final Map<String, Track> tracks = new HashMap<>();
  private final Map<String, Sends> sends = new HashMap<>();
  private final List<Violation> violations = new ArrayList<>();

  /**
   * @param client what findings call it
   * @param userId whose sends it logs
   * @param keeps whether it keeps the history
   */
  public HistoryLog(String client, String userId, boolean keeps) {
    this(client, userId, keeps, System::nanoTime);
  }

  /** @param nanos the clock; all clients whose histories are joined share it */
  public HistoryLog(String client, String userId, boolean keeps, LongSupplier nanos) {
    this.client = client;
    this.userId = userId;
    this.keeps = keeps;
    this.nanos = nanos;
  }

  /** A command is about to go out. Not to be logged again when the same id is sent again. */
  public synchronized void sent(String conversationId, String clientEventId) {
    if (keeps) {
      sends(conversationId).sent(EventHash.identity(userId, clientEventId), nanos.getAsLong());
    }
  }

  /** The server says that the command with this id is stored at this seq; also when it says so again. */
  public synchronized void acked(String conversationId, String clientEventId, long seq) {
    if (keeps) {
      sends(conversationId).acked(EventHash.identity(userId, clientEventId), seq, nanos.getAsLong());
    }
  }

  /** The server says that the command is not stored. One whose outcome is unknown has no outcome here. */
  public synchronized void refused(String conversationId, String clientEventId) {
    if (keeps) {
      sends(conversationId).refused(EventHash.identity(userId, clientEventId));
    }
  }

  /** A new session of this client begins behind this seq. */
  public synchronized void resumed(String conversationId, long afterSeq) {
    if (keeps) {
      track(conversationId).resumed(afterSeq, nanos.getAsLong());
    }
  }

  /** The server says that a conversation goes on elsewhere than where the client stands. */
  public synchronized void reset(Reset reset) {
    if (keeps) {
      Track track = track(reset.getConversationId());
      long next = reset.getNext().getSeq();
      switch (reset.getReason()) {
        case RESET_REASON_LOG_WENT_BACK -> track.reset(next);
        case RESET_REASON_TRIMMED -> track.trimmed(next);
        default -> track.resumed(next);
      }
    }
  }

  /** The server says what may be read; a client that knew nothing of the conversation starts where it says. */
  public synchronized void following(Following following) {
    if (keeps) {
      boolean known = tracks.containsKey(following.getConversationId());
      Track track = track(following.getConversationId());
      if (!known) {
        track.resumed(following.getAfterSeq());
      }
      track.readable(Ranges.of(following.getReadableList()));
      if (following.hasHead()) {
        track.head(following.getHead().getSeq());
      }
    }
  }

  /** An event came. */
  public synchronized void received(String conversationId, Event event) {
    if (keeps) {
      long identity = EventHash.identity(event.getSenderId(), event.getClientEventId());
      track(conversationId).received(event.getSeq(), identity, EventHash.body(event));
    }
  }

  /** The client itself noticed that one of its streams broke a promise. */
  public synchronized void violated(Violation violation) {
    violations.add(violation);
  }

  String client() {
    return client;
  }

  String userId() {
    return userId;
  }

  /** What came of a conversation; null: nothing was ever heard of it. */
  synchronized @Nullable Track trackOf(String conversationId) {
    return tracks.get(conversationId);
  }

  synchronized Sends sendsTo(String conversationId) {
    return sends.getOrDefault(conversationId, new Sends());
  }

  synchronized List<Violation> violations() {
    return List.copyOf(violations);
  }

  private Track track(String conversationId) {
    return tracks.computeIfAbsent(conversationId, id -> new Track());
  }

  private Sends sends(String conversationId) {
    return sends.computeIfAbsent(conversationId, id -> new Sends());
  }
}
