package dev.parley.router.session;

import dev.parley.chassis.auth.Identity;
import dev.parley.chassis.auth.TokenException;
import dev.parley.chassis.errors.Errors;
import dev.parley.chassis.errors.Validation;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.router.user.Profiles;
import dev.parley.router.shard.ShardHost;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One Connect stream: carries frames between gRPC and the {@link Session}, and the session's wishes to the shards. On
 * the connection's event loop.
 */
public final class ConnectCall implements SessionPort, StreamObserver<ClientFrame>, Devices.Displaceable {
  private final Sessions sessions;
  private final SessionHub hub;
  private final ServerCallStreamObserver<EncodedFrame> call;
  private final Session session;
  private boolean closed;
  private boolean registered;
  private boolean inputPaused;

  private ConnectCall(Sessions sessions, Identity identity, ServerCallStreamObserver<EncodedFrame> call) {
    this.sessions = sessions;
    this.hub = sessions.hub();
    this.call = call;
    this.session =
        new Session(
            UUID.randomUUID().toString(),
            sessions.router(),
            Profiles.user(identity),
            identity.expires(),
            sessions.limits(),
            sessions.durability().get(),
            sessions.clock(),
            this);
  }

  /** Begins a session for a stream that has just come in. */
  public static StreamObserver<ClientFrame> open(
      Sessions sessions, Identity identity, StreamObserver<EncodedFrame> responses) {
    ServerCallStreamObserver<EncodedFrame> call = (ServerCallStreamObserver<EncodedFrame>) responses;
    if (sessions.draining().get()) {
      call.onError(
          Errors.status(
              ErrorReason.ERROR_REASON_DRAINING,
              "this router is going away",
              Map.of(),
              Duration.ofMillis(100)));
      return new Ignored();
    }
    if (sessions.open().get() >= sessions.limits().sessions()) {
      call.onError(
          Errors.status(
              ErrorReason.ERROR_REASON_OVERLOADED,
              "this router holds as many sessions as it may",
              Map.of("limit", Integer.toString(sessions.limits().sessions())),
              Duration.ofSeconds(5)));
      return new Ignored();
    }
    sessions.open().incrementAndGet();
    ConnectCall connect = new ConnectCall(sessions, identity, call);
    connect.hub.opened(connect.session);
    call.disableAutoRequest();
    call.setOnReadyHandler(connect::onReady);
    call.setOnCancelHandler(connect.session::ended);
    call.request(1);
    return connect;
  }

  /** A stream that was refused before it began. */
  private static final class Ignored implements StreamObserver<ClientFrame> {
    @Override
    public void onNext(ClientFrame frame) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  // ------------------------------------------------------------------ from the client

  @Override
  public void onNext(ClientFrame frame) {
    if (session.closed()) {
      return;
    }
    int bytes = frame.getSerializedSize();
    if (bytes > sessions.limits().frameBytes()) {
      session.invalid(frame, Refusal.tooLarge("the frame", sessions.limits().frameBytes(), bytes));
    } else {
      Validation.Violation violation = isHot(frame) ? null : sessions.validation().check(frame);
      if (violation != null) {
        session.invalid(frame, Refusal.invalidField(violation.field(), violation.message()));
      } else {
        session.frame(frame, bytes);
        if (!registered && !session.device().isEmpty()) {
          register();
        }
      }
    }
    Duration wait = session.closed() ? Duration.ZERO : session.throttle();
    if (wait.isZero()) {
      takeNext();
    } else {
      hub.loop().schedule(this::takeNext, wait.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** Takes another frame, unless the client does not read what its frames bring about. */
  private void takeNext() {
    if (call.isReady() || session.closed()) {
      call.request(1);
    } else {
      inputPaused = true;
    }
  }

  private void onReady() {
    session.ready();
    if (inputPaused) {
      inputPaused = false;
      call.request(1);
    }
  }

  /**
   * Commands and Credit make up nearly all frames, and checking them by the contract's CEL rules was an eighth of the
   * router's CPU: a command's rules are checked by {@link Request#of}, a Credit's by the session.
   */
  private static boolean isHot(ClientFrame frame) {
    return frame.hasCommand() || frame.hasCredit();
  }

  private void register() {
    registered = true;
    if (!sessions.devices().opened(session.userId(), session.device(), this)) {
      session.unreadable(Refusal.limitExceeded("devices of one user", sessions.limits().devicesPerUser()));
    }
  }

  @Override
  public void onError(Throwable failure) {
    session.ended();
  }

  @Override
  public void onCompleted() {
    session.ended();
  }

  @Override
  public void displace() {
    hub.execute(session::displaced);
  }

  // ------------------------------------------------------------------ what the session wants

  @Override
  public boolean ready() {
    return call.isReady();
  }

  @Override
  public void write(EncodedFrame frame) {
    if (!closed && !call.isCancelled()) {
      call.onNext(frame);
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
    if (call.isCancelled()) {
      return;
    }
    if (why == null) {
      call.onCompleted();
    } else {
      call.onError(Errors.status(why.reason(), why.message(), why.metadata(), why.retryAfter()));
    }
  }

  @Override
  public void listConversations() {
    Set<String> all = new LinkedHashSet<>();
    CompletableFuture<Void> listed = CompletableFuture.completedFuture(null);
    for (ShardHost shard : sessions.shards()) {
      listed = listed.thenCombine(shard.conversationsOf(session.userId()), (before, ids) -> addAll(all, ids));
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
            records -> {
              if (records == null) {
                session.readFailed(conversationId);
              } else {
                session.read(conversationId, records);
              }
            });
  }

  @Override
  public void submit(Request request, int bytes) {
    sessions
        .shardOf(request.conversationId())
        .submit(hub.index(), request, bytes, answer -> session.answered(request, answer));
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
              if (answer instanceof dev.parley.router.shard.MarkAnswer.Refused refused) {
                session.markRefused(conversationId, refused.refusal());
              }
            });
  }

  @Override
  public void typing(String conversationId) {
    sessions.shardOf(conversationId).typing(session.userId(), conversationId);
  }

  @Override
  public void verify(String token) {
    try {
      Identity identity = sessions.verifier().verify(token);
      session.refreshed(identity.userId(), identity.expires());
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
  }
}
