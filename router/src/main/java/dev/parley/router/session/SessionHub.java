package dev.parley.router.session;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.chassis.telemetry.Traced;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.Wakes;
import dev.parley.internal.v1.Displaced;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.WakeNotice;
import dev.parley.router.loop.Loop;
import dev.parley.router.presence.PresenceHub;
import dev.parley.router.presence.PresenceLink;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.router.shard.Follower;
import dev.parley.v1.Receipt;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sessions of one event loop, and which conversations they follow. Everything but {@link #execute} on the loop. */
public final class SessionHub implements Follower {
  private static final Logger LOG = LoggerFactory.getLogger(SessionHub.class);
  private static final Duration TICK = Duration.ofSeconds(1);

  private final int index;
  private final Loop loop;
  private final Wakes wakes;
  private final int shards;
  private final Traces traces;
  private final HubWatches watches;
  private final Set<Session> sessions = new LinkedHashSet<>();
  private final Map<String, List<Session>> byConversation = new HashMap<>();
  private final Map<String, UserSessions> byUser = new HashMap<>();
  private final Set<TokenHolder> otherStreams = new LinkedHashSet<>();

  /** A stream that is no session and rests on a user's token. */
  public interface TokenHolder {
    /** The user's tokens that were issued before this time are not good any more. On the loop. */
    void revoked(String userId, Instant issuedBefore);
  }

  /** The sessions of one user, and where their notices come in. */
  private record UserSessions(List<Session> sessions, Wakes.Subscription notices) {}

  /**
   * The hub of this loop, which the shards know by {@code index}.
   *
   * @param shards how many there are
   * @param traces where spans are made
   */
  public SessionHub(int index, Loop loop, Wakes wakes, int shards, Traces traces) {
    this.traces = traces;
    this.index = index;
    this.loop = loop;
    this.wakes = wakes;
    this.shards = shards;
    this.watches = new HubWatches(index, loop);
    loop.after(TICK, this::tick);
  }

  int index() {
    return index;
  }

  /** What the sessions watch. */
  HubWatches watches() {
    return watches;
  }

  /** The sessions as watchers. */
  public PresenceHub presence() {
    return watches;
  }

  /** The link to presence, before the first session comes. */
  public void use(PresenceLink link) {
    watches.use(link);
  }

  /** Watches a subject for somebody who is no session. On the loop. */
  public void watch(Subject subject, Watcher watcher) {
    watches.watch(subject, watcher);
  }

  /** Does not watch it any more. On the loop. */
  public void unwatch(Subject subject, Watcher watcher) {
    watches.unwatch(subject, watcher);
  }

  /** Somebody who is no session watches nothing any more. On the loop. */
  public void endedWatching(Watcher watcher) {
    watches.ended(watcher);
  }

  /** A user's list of blocked users has changed: some see them otherwise now. */
  public void blocksChanged(String userId) {
    loop.execute(() -> watches.blocksChanged(userId));
  }

  /** A stream that is no session has begun. On the loop. */
  public void opened(TokenHolder stream) {
    otherStreams.add(stream);
  }

  /** A stream that is no session is over. On the loop. */
  public void closed(TokenHolder stream) {
    otherStreams.remove(stream);
  }

  /** A user's tokens that were issued before this time are not good any more: what rests on them ends. */
  public void revoked(String userId, Instant issuedBefore) {
    loop.execute(
        () -> {
          each(sessionsOf(userId), session -> session.revoked(issuedBefore));
          List.copyOf(otherStreams).forEach(stream -> stream.revoked(userId, issuedBefore));
        });
  }

  /** The event loop itself, for work that is pinned to it. */
  public Loop loop() {
    return loop;
  }

  @Override
  public void execute(Runnable task) {
    loop.execute(task);
  }

  void opened(Session session) {
    sessions.add(session);
    String user = session.userId();
    byUser
        .computeIfAbsent(
            user,
            id ->
                new UserSessions(
                    new ArrayList<>(1), wakes.listen(id, notice -> loop.execute(() -> noticed(id, notice)))))
        .sessions
        .add(session);
  }

  void closed(Session session) {
    sessions.remove(session);
    UserSessions ofUser = byUser.get(session.userId());
    if (ofUser != null && ofUser.sessions.remove(session) && ofUser.sessions.isEmpty()) {
      byUser.remove(session.userId());
      ofUser.notices.close();
    }
  }

  private List<Session> sessionsOf(String userId) {
    UserSessions ofUser = byUser.get(userId);
    return ofUser == null ? List.of() : ofUser.sessions;
  }

  private void noticed(String userId, byte[] bytes) {
    UserSessions ofUser = byUser.get(userId);
    if (ofUser == null) {
      return;
    }
    WakeNotice notice;
    try {
      notice = WakeNotice.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      LOG.error("a notice to user {} is not readable", userId, e);
      return;
    }
    switch (notice.getNoticeCase()) {
      case ADDED -> each(ofUser.sessions, session -> session.added(notice.getAdded()));
      case DISPLACED -> each(ofUser.sessions, session -> displaced(session, notice.getDisplaced()));
      case PRESENCE_SETTINGS_CHANGED -> watches.link().settingsChanged(userId);
      case NOTICE_NOT_SET -> LOG.warn("a notice to user {} that this version does not know", userId);
    }
  }

  private static void displaced(Session session, Displaced by) {
    boolean older = session.opened().isBefore(Timestamps.toInstant(by.getBegan()));
    if (older && session.device().equals(by.getDeviceId()) && !session.id().equals(by.getSessionId())) {
      session.displaced();
    }
  }

  /** Tells the sessions of this user's device on other routers that this one has caught up. */
  void tellCaughtUp(Session session) {
    wakes.wake(
        session.userId(),
        WakeNotice.newBuilder()
            .setDisplaced(
                Displaced.newBuilder()
                    .setDeviceId(session.device())
                    .setSessionId(session.id())
                    .setBegan(Timestamps.of(session.opened())))
            .build()
            .toByteArray());
  }

  /** Notices may have been lost: every session looks again which conversations there are, each at its own moment. */
  void listAgain(RandomGenerator random) {
    each(sessions, session -> session.listAgainWithin(Duration.ofMillis(random.nextInt(5_000))));
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
    Traced span = traces.goOn("deliver", record.record().getTraceContext());
    EncodedFrame frame = EncodedFrame.events(record, record.firstSeq(), record.lastSeq());
    each(following, session -> session.fed(record, frame));
    if (span != null) {
      span.end();
    }
  }

  @Override
  public void receipt(Receipt receipt, @Nullable String onlyFor) {
    List<Session> hearing =
        onlyFor == null
            ? byConversation.getOrDefault(receipt.getConversationId(), List.of())
            : sessionsOf(onlyFor);
    each(hearing, session -> session.receipt(receipt));
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
  public void broken(int shard) {
    each(
        sessions,
        session -> session.broken(conversation -> ConversationIds.shardOf(conversation, shards) == shard));
  }

  private void tick() {
    each(sessions, Session::tick);
    loop.after(TICK, this::tick);
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
