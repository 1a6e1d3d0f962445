package dev.parley.sdk;

import dev.parley.v1.AdminServiceGrpc;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.PresenceServiceGrpc;
import dev.parley.v1.PushServiceGrpc;
import io.grpc.ManagedChannel;
import io.netty.channel.EventLoop;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One user's connection to Parley: unary calls by generated stubs, and sessions. All of them share one HTTP/2
 * connection; a program that acts for many users makes one client each over a shared {@link ParleyEndpoint}, or with
 * {@link #as} over a shared connection.
 *
 * <p>Unary calls fail with {@code StatusRuntimeException}; {@link ParleyException#of(Throwable)} reads its reason.
 *
 * <p>Thread-safe. Closing it closes its sessions.
 */
public final class ParleyClient implements AutoCloseable {
  private static final Duration CALL_DEADLINE = Duration.ofSeconds(15);

  private final @Nullable ParleyEndpoint ownedEndpoint;
  private final boolean ownsChannel;
  private final TokenSource tokens;
  private final EventLoop loop;
  private final ManagedChannel channel;
  private final Set<ParleySession> sessions = ConcurrentHashMap.newKeySet();

  /** A client of an endpoint that others use too and that the caller closes. */
  public ParleyClient(ParleyEndpoint endpoint, TokenSource tokens) {
    this(endpoint, false, tokens);
  }

  private ParleyClient(ParleyEndpoint endpoint, boolean ownsEndpoint, TokenSource tokens) {
    this.ownedEndpoint = ownsEndpoint ? endpoint : null;
    this.ownsChannel = true;
    this.tokens = tokens;
    this.loop = endpoint.nextLoop();
    this.channel = endpoint.newChannel(loop);
  }

  private ParleyClient(ParleyClient host, TokenSource tokens) {
    this.ownedEndpoint = null;
    this.ownsChannel = false;
    this.tokens = tokens;
    this.loop = host.loop;
    this.channel = host.channel;
  }

  /** A client for another user over this one's connection, which stays this one's: close this one last. */
  public ParleyClient as(TokenSource otherTokens) {
    return new ParleyClient(this, otherTokens);
  }

  /** A client without TLS, with an endpoint of its own. {@code target} is {@code host:port}. */
  public static ParleyClient plaintext(String target, TokenSource tokens) {
    return new ParleyClient(ParleyEndpoint.plaintext(target), true, tokens);
  }

  /** A client with TLS, with an endpoint of its own: see {@link ParleyEndpoint#tls}. */
  public static ParleyClient tls(String target, @Nullable Path caFile, TokenSource tokens) {
    return new ParleyClient(ParleyEndpoint.tls(target, caFile), true, tokens);
  }

  /** Unary calls that wait, each for at most 15 s. Not to be used on the client's event loop. */
  public ChatServiceGrpc.ChatServiceBlockingStub blocking() {
    return ChatServiceGrpc.newBlockingStub(channel)
        .withCallCredentials(new BearerToken(tokens))
        .withDeadlineAfter(CALL_DEADLINE);
  }

  /** Calls about presence that wait. They have no deadline of their own, since one of them is a stream that stays. */
  public PresenceServiceGrpc.PresenceServiceBlockingStub presence() {
    return PresenceServiceGrpc.newBlockingStub(channel).withCallCredentials(new BearerToken(tokens));
  }

  /** Devices that get pushes, and what the user wants to be told of: set a deadline on each call. */
  public PushServiceGrpc.PushServiceBlockingStub push() {
    return PushServiceGrpc.newBlockingStub(channel).withCallCredentials(new BearerToken(tokens));
  }

  /** Calls of operators that wait: set a deadline on each. */
  public AdminServiceGrpc.AdminServiceBlockingStub admin() {
    return AdminServiceGrpc.newBlockingStub(channel).withCallCredentials(new BearerToken(tokens));
  }

  /** Unary calls that answer by a future, each within 15 s. */
  public ChatServiceGrpc.ChatServiceFutureStub async() {
    return ChatServiceGrpc.newFutureStub(channel)
        .withCallCredentials(new BearerToken(tokens))
        .withDeadlineAfter(CALL_DEADLINE);
  }

  /** Starts a session. It connects by itself and stays until it is closed. */
  public ParleySession connect(SessionOptions options, SessionListener listener) {
    ParleySession session = new ParleySession(this, options, listener);
    sessions.add(session);
    session.start();
    return session;
  }

  ManagedChannel channel() {
    return channel;
  }

  EventLoop loop() {
    return loop;
  }

  TokenSource tokens() {
    return tokens;
  }

  void closed(ParleySession session) {
    sessions.remove(session);
  }

  @Override
  public void close() {
    sessions.forEach(ParleySession::close);
    if (!ownsChannel) {
      return;
    }
    channel.shutdown();
    try {
      if (!channel.awaitTermination(2, TimeUnit.SECONDS)) {
        channel.shutdownNow();
      }
    } catch (InterruptedException interrupted) {
      channel.shutdownNow();
      Thread.currentThread().interrupt();
    }
    if (ownedEndpoint != null) {
      ownedEndpoint.close();
    }
  }
}
