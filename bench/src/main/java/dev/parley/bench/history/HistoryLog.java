package dev.parley.bench.history;

import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.SeqRange;
import java.util.HashMap;
import java.util.Map;

/**
 * What one client did and saw: its sends with their outcomes, and for each conversation the events in the order in which
 * they came. About 32 bytes an event.
 *
 * <p>Thread-safe; calls about received events must come in their order.
 */
public final class HistoryLog {
  private final String client;
  private final String userId;
  private final Map<String, Track> tracks = new HashMap<>();
  private final Map<String, Outcomes> outcomes = new HashMap<>();

  /** Identities of sends in one conversation, by what was answered. */
  static final class Outcomes {
    final LongList ackedIdentity = new LongList();
    final LongList ackedSeq = new LongList();
    final LongList refusedIdentity = new LongList();
    int sent;
  }

  /**
   * @param client what findings call it
   * @param userId whose sends it logs
   */
  public HistoryLog(String client, String userId) {
    this.client = client;
    this.userId = userId;
  }

  /** A command goes out for the first time. */
  public synchronized void sent(String conversationId) {
    outcomes(conversationId).sent++;
  }

  /** The server says that the command with this id is stored at this seq. */
  public synchronized void acked(String conversationId, String clientEventId, long seq) {
    Outcomes here = outcomes(conversationId);
    here.ackedIdentity.add(EventHash.identity(userId, clientEventId));
    here.ackedSeq.add(seq);
  }

  /** The server says that the command is not stored. One whose outcome is unknown is not logged at all. */
  public synchronized void refused(String conversationId, String clientEventId) {
    outcomes(conversationId).refusedIdentity.add(EventHash.identity(userId, clientEventId));
  }

  /** A new session of this client begins behind this seq, or a Reset moved it there. */
  public synchronized void resumed(String conversationId, long afterSeq) {
    track(conversationId).resumed(afterSeq);
  }

  /** The server says what may be read; a client that knew nothing of the conversation starts where it says. */
  public synchronized void following(Following following) {
    boolean known = tracks.containsKey(following.getConversationId());
    Track track = track(following.getConversationId());
    if (!known) {
      track.resumed(following.getAfterSeq());
    }
    long[] ranges = new long[following.getReadableCount() * 2];
    int i = 0;
    for (SeqRange range : following.getReadableList()) {
      ranges[i++] = range.getFirstSeq();
      ranges[i++] = range.getLastSeq() == 0 ? Long.MAX_VALUE : range.getLastSeq();
    }
    track.readable(ranges);
  }

  /** An event came. */
  public synchronized void received(String conversationId, Event event) {
    long identity = EventHash.identity(event.getSenderId(), event.getClientEventId());
    track(conversationId).received(event.getSeq(), identity, EventHash.body(event));
  }

  /** The client leaves for good before the end: it need not have what came later. */
  public synchronized void departed() {
    tracks.values().forEach(Track::depart);
  }

  /** Its name in findings. */
  public String client() {
    return client;
  }

  /** How many commands went out. */
  public synchronized long sentCount() {
    return outcomes.values().stream().mapToLong(each -> each.sent).sum();
  }

  /** How many commands were acknowledged. */
  public synchronized long ackedCount() {
    return outcomes.values().stream().mapToLong(each -> each.ackedSeq.size()).sum();
  }

  synchronized Map<String, Track> tracks() {
    return Map.copyOf(tracks);
  }

  synchronized Map<String, Outcomes> outcomes() {
    return Map.copyOf(outcomes);
  }

  private Track track(String conversationId) {
    return tracks.computeIfAbsent(conversationId, id -> new Track());
  }

  private Outcomes outcomes(String conversationId) {
    return outcomes.computeIfAbsent(conversationId, id -> new Outcomes());
  }
}
