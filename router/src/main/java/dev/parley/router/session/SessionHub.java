package dev.parley.router.session;

import dev.parley.router.shard.CommittedRecord;
import dev.parley.router.shard.Follower;
import dev.parley.v1.Receipt;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sessions of one event loop, and which conversations they follow. Everything but {@link #execute} on the loop. */
public final class SessionHub implements Follower {
  private static final Logger LOG = LoggerFactory.getLogger(SessionHub.class);

  private final int index;
  private final EventLoop loop;
  private final Set<Session> sessions = new LinkedHashSet<>();
  private final Map<String, List<Session>> byConversation = new HashMap<>();
  private final Map<String, List<Session>> byUser = new HashMap<>();

  /** The hub of this loop, which the shards know by {@code index}. */
  public SessionHub(int index, EventLoop loop) {
    this.index = index;
    this.loop = loop;
    loop.scheduleAtFixedRate(guarded(this::tick), 1, 1, TimeUnit.SECONDS);
  }

  int index() {
    return index;
  }

  /** The event loop itself, for work that is pinned to it. */
  public EventLoop loop() {
    return loop;
  }

  @Override
  public void execute(Runnable task) {
    loop.execute(guarded(task));
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.error("a fault on an event loop", e);
      }
    };
  }

  void opened(Session session) {
    sessions.add(session);
    byUser.computeIfAbsent(session.userId(), user -> new ArrayList<>(1)).add(session);
  }

  void closed(Session session) {
    sessions.remove(session);
    remove(byUser, session.userId(), session);
  }

  /** A session's follow was asked for: what is fed reaches it from now on. */
  void follows(String conversationId, Session session) {
    List<Session> following = byConversation.computeIfAbsent(conversationId, id -> new ArrayList<>(2));
    if (!following.contains(session)) {
      following.add(session);
    }
  }

  /** A session does not follow any more; true: nobody on this loop does. */
  boolean unfollows(String conversationId, Session session) {
    return remove(byConversation, conversationId, session);
  }

  /** Some session on this loop follows the conversation. */
  boolean isFollowed(String conversationId) {
    return byConversation.containsKey(conversationId);
  }

  private static boolean remove(Map<String, List<Session>> map, String key, Session session) {
    List<Session> left = map.get(key);
    if (left == null || !left.remove(session)) {
      return false;
    }
    if (left.isEmpty()) {
      map.remove(key);
      return true;
    }
    return false;
  }

  @Override
  public void committed(CommittedRecord record) {
    List<Session> following = byConversation.get(record.conversationId());
    if (following == null) {
      return;
    }
    EncodedFrame frame = EncodedFrame.events(record, record.firstSeq(), record.lastSeq());
    each(following, session -> session.fed(record, frame));
  }

  @Override
  public void receipt(Receipt receipt, @Nullable String onlyFor) {
    List<Session> hearing =
        onlyFor == null ? byConversation.get(receipt.getConversationId()) : byUser.get(onlyFor);
    each(hearing == null ? List.of() : hearing, session -> session.receipt(receipt));
  }

  @Override
  public void typing(String conversationId, String userId) {
    each(
        byConversation.getOrDefault(conversationId, List.of()),
        session -> {
          if (!userId.equals(session.userId())) {
            session.typing(conversationId, userId);
          }
        });
  }

  @Override
  public void added(String userId, String conversationId) {
    each(byUser.getOrDefault(userId, List.of()), session -> session.added(conversationId));
  }

  private void tick() {
    each(sessions, Session::tick);
  }

  /** Does something with each session; a fault ends the one that it happens to, and no other notices. */
  private static void each(Collection<Session> sessions, Consumer<Session> action) {
    for (Session session : List.copyOf(sessions)) {
      try {
        action.accept(session);
      } catch (RuntimeException e) {
        LOG.error("a fault in session {}", session.id(), e);
        session.fault();
      }
    }
  }

  /** How many sessions are open. */
  int size() {
    return sessions.size();
  }

  /** Asks all sessions to go elsewhere, each at its own moment within {@code spread}. */
  void reconnectAll(Duration spread, RandomGenerator random) {
    for (Session session : sessions) {
      session.reconnect(Duration.ofMillis(random.nextLong(spread.toMillis() + 1)));
    }
  }

  /** Ends the sessions that are still there. */
  void endAll() {
    for (Session session : List.copyOf(sessions)) {
      session.drained();
    }
  }
}
