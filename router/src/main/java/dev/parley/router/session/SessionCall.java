package dev.parley.router.session;

import dev.parley.chassis.auth.Identity;
import dev.parley.chassis.auth.TokenException;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.internal.v1.Subject;
import dev.parley.router.presence.LocalSession;
import dev.parley.router.shadow.ShadowedSession;
import dev.parley.router.shard.MarkAnswer;
import dev.parley.router.shard.ReadAnswer;
import dev.parley.router.shard.ShardHost;
import dev.parley.router.user.Profiles;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Cursor;
import dev.parley.v1.Member;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Session} among the others of its router: carries its wishes to the shards, and what they say back to it.
 * Belongs to the loop of its hub.
 */
public final class SessionCall implements SessionPort, Devices.Displaceable {
  private final Sessions sessions;
  private final SessionHub hub;
  private final Downstream downstream;
  private final Session session;
  private final @Nullable ShadowedSession shadow;
  private volatile boolean closed;
  private boolean registered;

  /** The way to the client. */
  public interface Downstream {
    /** A frame would leave without being queued. */
    boolean ready();

    /** Sends a frame. */
    void write(EncodedFrame frame);

    /** Ends the stream: with a status that carries {@code why}, or well when it is null. */
    void close(@Nullable Refusal why);
  }

  private SessionCall(Sessions sessions, SessionHub hub, Identity identity, Downstream downstream) {
    this.sessions = sessions;
    this.hub = hub;
    this.downstream = downstream;
    this.shadow = sessions.shadow().begin(identity.userId(), hub.loop());
    this.session =
        new Session(
            UUID.randomUUID().toString(),
            sessions.router(),
            Profiles.user(identity),
            identity.issued(),
            identity.expires(),
            sessions.limits(),
            sessions.durability().get(),
            sessions.clock(),
            this,
            sessions.metrics());
  }

  /** Begins a session of this user. On the hub's loop. */
  public static SessionCall open(Sessions sessions, SessionHub hub, Identity identity, Downstream downstream) {
    SessionCall call = new SessionCall(sessions, hub, identity, downstream);
    sessions.open().incrementAndGet();
    hub.opened(call.session);
    return call;
  }

  /** The session, for what comes from the client. */
  public Session session() {
    return session;
  }

  /** A frame has come that keeps the contract's rules. */
  public void frame(ClientFrame frame, int bytes) {
    session.frame(frame, bytes);
    if (!registered && !session.closed() && !session.device().isEmpty()) {
      registered = true;
      if (!sessions.devices().opened(session.userId(), session.device(), this)) {
        session.unreadable(Refusal.limitExceeded("devices of one user", sessions.limits().devicesPerUser()));
      }
    }
  }

  @Override
  public void displace() {
    hub.execute(session::displaced);
  }

  // ------------------------------------------------------------------ what the session wants

  @Override
  public boolean ready() {
    return downstream.ready();
  }

  @Override
  public void write(EncodedFrame frame) {
    if (!closed) {
      downstream.write(frame);
      if (shadow != null) {
        shadow.sent(frame.bytes());
      }
    }
  }

  @Override
  public void close(@Nullable Refusal why) {
    if (closed) {
      return;
    }
    closed = true;
    sessions.open().decrementAndGet();
    hub.closed(session);
    if (registered) {
      sessions.devices().closed(session.userId(), session.device(), this);
    }
    if (shadow != null) {
      shadow.close();
    }
    downstream.close(why);
  }

  @Override
  public void listConversations() {
    Set<String> all = new LinkedHashSet<>();
    CompletableFuture<Void> listed = CompletableFuture.completedFuture(null);
    for (ShardHost shard : sessions.shards()) {
      listed = listed.thenCombine(shard.listedConversationsOf(session.userId()), (before, ids) -> addAll(all, ids));
    }
    listed.whenCompleteAsync(
        (done, failure) -> {
          if (failure == null) {
            session.conversations(all);
          } else {
            session.conversationsUnavailable(ShardHost.refusal(failure));
          }
        },
        hub::execute);
  }

  private static @Nullable Void addAll(Set<String> all, Set<String> ids) {
    synchronized (all) {
      all.addAll(ids);
    }
    return null;
  }

  @Override
  public void follow(String conversationId, @Nullable Cursor cursor, Start start) {
    hub.follows(conversationId, session);
    sessions
        .shardOf(conversationId)
        .follow(
            hub.index(),
            conversationId,
            session.userId(),
            cursor,
            start == Start.JOIN,
            answer -> {
              session.followed(conversationId, cursor, start, answer);
              if (!hub.isFollowed(conversationId)) {
                // The session ended before the owner began to feed this loop for it.
                sessions.shardOf(conversationId).unfollow(hub.index(), conversationId);
              }
            });
  }

  @Override
  public void unfollow(String conversationId) {
    if (hub.unfollows(conversationId, session)) {
      sessions.shardOf(conversationId).unfollow(hub.index(), conversationId);
    }
  }

  @Override
  public void read(String conversationId, long fromSeq) {
    sessions
        .shardOf(conversationId)
        .read(
            hub.index(),
            conversationId,
            fromSeq,
            answer -> {
              switch (answer) {
                case ReadAnswer.Records found -> session.read(conversationId, found.records());
                case ReadAnswer.Trimmed trimmed -> session.trimmed(conversationId);
                case ReadAnswer.Failed failed -> session.readFailed(conversationId);
              }
            });
  }

  @Override
  public void submit(Request request, int bytes) {
    sessions
        .shardOf(request.conversationId())
        .submit(hub.index(), request, bytes, () -> !closed, answer -> session.answered(request, answer));
  }

  @Override
  public void mark(String conversationId, long seq) {
    sessions
        .shardOf(conversationId)
        .mark(
            hub.index(),
            session.userId(),
            conversationId,
            seq,
            answer -> {
              if (answer instanceof MarkAnswer.Refused refused) {
                session.markRefused(conversationId, refused.refusal());
              }
            });
  }

  @Override
  public void delivered(String conversationId, long seq) {
    sessions.acknowledged().put(conversationId, session.userId(), session.device(), seq);
  }

  @Override
  public void typing(String conversationId) {
    sessions.shardOf(conversationId).typing(session.userId(), conversationId);
  }

  @Override
  public void present(boolean active, String inView) {
    sessions.presence().present(session.id(), new LocalSession(session.userId(), session.device(), active, inView));
  }

  @Override
  public void absent(boolean broke) {
    sessions.presence().absent(session.id(), broke);
    hub.watches().ended(session.watches());
  }

  @Override
  public void members(String conversationId, List<String> userIds) {
    sessions
        .shardOf(conversationId)
        .membersAmong(conversationId, session.userId(), userIds)
        .whenCompleteAsync(
            (members, failure) -> {
              if (failure == null) {
                session.members(
                    conversationId, userIds, members.stream().map(Member::getUserId).collect(Collectors.toSet()), null);
              } else {
                session.members(conversationId, userIds, null, ShardHost.refusal(failure));
              }
            },
            hub::execute);
  }

  @Override
  public void watch(Subject subject) {
    hub.watches().watch(subject, session.watches());
  }

  @Override
  public void unwatch(Subject subject) {
    hub.watches().unwatch(subject, session.watches());
  }

  @Override
  public boolean hasBlocked(String userId, String other) {
    return sessions.hasBlocked().test(userId, other);
  }

  @Override
  public void verify(String token) {
    try {
      Identity identity = sessions.verifier().verify(token);
      session.refreshed(identity.userId(), identity.issued(), identity.expires());
    } catch (TokenException e) {
      session.notRefreshed(Refusal.of(e.reason(), e.getMessage()));
    }
  }

  @Override
  public @Nullable Refusal take(Allowances.Kind kind) {
    return sessions.allowances().take(kind, session.userId(), sessions.clock().instant());
  }

  @Override
  public void caughtUp() {
    sessions.devices().caughtUp(session.userId(), session.device(), this);
    hub.tellCaughtUp(session);
  }
}
