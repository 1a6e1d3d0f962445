package dev.parley.presence.store;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.pubsub.api.async.RedisPubSubAsyncCommands;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two connections to one Redis that live and die together: one for commands, one that hears the changes. When either
 * breaks, both are made anew, so that nothing sent over the old one is sent again, and whoever listens knows from when on
 * it hears everything.
 *
 * <pre>
 *   CONNECTING --both open, all channels subscribed--> UP --either breaks, drop()--> CONNECTING
 * </pre>
 *
 * <p>Thread-safe.
 */
final class RedisConnections implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RedisConnections.class);
  private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);
  private static final Duration RETRY = Duration.ofMillis(250);
  private static final int THREADS = 2;

  private final Events events;
  private final Function<RedisAsyncCommands<String, byte[]>, CompletionStage<?>> prepare;
  private final RedisURI address;
  private final ClientResources resources;
  private final RedisClient client;
  private @Nullable Pair pair;
  private volatile @Nullable RedisAsyncCommands<String, byte[]> commands;
  private volatile @Nullable RedisPubSubAsyncCommands<String, byte[]> hearing;
  private boolean closed;
  private boolean complained;

  /** What becomes of the connections; on their threads. */
  interface Events {
    void up();

    void down();

    void message(byte[] message);
  }

  private static final class Pair {
    private @Nullable StatefulRedisConnection<String, byte[]> calls;
    private @Nullable StatefulRedisPubSubConnection<String, byte[]> changes;
    private boolean up;

    private boolean has(Object connection) {
      return connection == calls || connection == changes;
    }
  }

  /**
   * Not connected before {@link #open}.
   *
   * @param timeout how long a command may take
   * @param prepare what is to be said first over a connection for commands
   */
  RedisConnections(
      RedisURI address,
      Duration timeout,
      Function<RedisAsyncCommands<String, byte[]>, CompletionStage<?>> prepare,
      Events events) {
    this.events = events;
    this.prepare = prepare;
    this.address = address;
    this.address.setTimeout(timeout);
    this.resources =
        DefaultClientResources.builder().ioThreadPoolSize(THREADS).computationThreadPoolSize(THREADS).build();
    this.client = RedisClient.create(resources);
    client.setOptions(
        ClientOptions.builder()
            .autoReconnect(false)
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .timeoutOptions(TimeoutOptions.enabled(timeout))
            .socketOptions(SocketOptions.builder().connectTimeout(timeout).build())
            .maintNotificationsConfig(MaintNotificationsConfig.disabled())
            .build());
    listenTo(client);
  }

  private void listenTo(AbstractRedisClient redis) {
    redis.addListener(
        new RedisConnectionStateListener() {
          @Override
          public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
            broken(connection);
          }
        });
  }

  /** For what is to happen later. */
  ScheduledExecutorService timer() {
    return resources.eventExecutorGroup();
  }

  /** Connects, and goes on trying until it is closed. */
  void open() {
    Pair attempt = new Pair();
    synchronized (this) {
      if (closed) {
        return;
      }
      pair = attempt;
    }
    client
        .connectAsync(CODEC, address)
        .thenCompose(
            calls -> {
              attempt.calls = calls;
              return prepare.apply(calls.async());
            })
        .thenCompose(prepared -> client.connectPubSubAsync(CODEC, address))
        .thenCompose(changes -> subscribed(attempt, changes))
        .whenComplete(
            (unused, failure) -> {
              if (failure == null) {
                isUp(attempt);
              } else {
                failed(attempt, failure);
              }
            });
  }

  private CompletionStage<Void> subscribed(Pair attempt, StatefulRedisPubSubConnection<String, byte[]> changes) {
    attempt.changes = changes;
    changes.addListener(
        new RedisPubSubAdapter<>() {
          @Override
          public void smessage(String channel, byte[] message) {
            events.message(message);
          }
        });
    // One by one: a cluster would take only those of one slot together.
    CompletableFuture<?>[] subscriptions = new CompletableFuture<?>[SubjectKey.PARTITIONS];
    for (int partition = 0; partition < SubjectKey.PARTITIONS; partition++) {
      subscriptions[partition] =
          changes.async().ssubscribe(RedisForm.changes(partition)).toCompletableFuture();
    }
    return CompletableFuture.allOf(subscriptions);
  }

  private void isUp(Pair attempt) {
    synchronized (this) {
      StatefulRedisConnection<String, byte[]> calls = attempt.calls;
      StatefulRedisPubSubConnection<String, byte[]> changes = attempt.changes;
      if (pair != attempt || calls == null || changes == null) {
        return;
      }
      attempt.up = true;
      complained = false;
      commands = calls.async();
      hearing = changes.async();
      LOG.info("connected to Redis at {}:{}", address.getHost(), address.getPort());
      events.up();
    }
  }

  private synchronized void failed(Pair attempt, Throwable failure) {
    if (pair == attempt) {
      if (!complained && !closed) {
        LOG.warn("Redis at {}:{} cannot be used, trying again: {}", address.getHost(), address.getPort(), reason(failure));
      }
      complained = true;
      again(attempt);
    } else {
      end(attempt);
    }
  }

  private static String reason(Throwable failure) {
    Throwable deepest = failure;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return String.valueOf(deepest.getMessage());
  }

  private synchronized void broken(Object connection) {
    Pair current = pair;
    if (current != null && current.up && current.has(connection)) {
      LOG.warn("a connection to Redis broke");
      again(current);
    }
  }

  /** Gives the connections up, since they do not work, and makes new ones. */
  synchronized void drop() {
    Pair current = pair;
    if (current != null && current.up) {
      LOG.warn("Redis does not answer");
      again(current);
    }
  }

  private void again(Pair ended) {
    boolean wasUp = ended.up;
    pair = null;
    commands = null;
    hearing = null;
    end(ended);
    if (wasUp) {
      events.down();
    }
    if (!closed) {
      var unused = resources.eventExecutorGroup().schedule(this::open, RETRY.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private static void end(Pair ended) {
    for (StatefulConnection<?, ?> connection : new StatefulConnection<?, ?>[] {ended.calls, ended.changes}) {
      if (connection != null) {
        var unused = connection.closeAsync();
      }
    }
  }

  /**
   * The connection for commands.
   *
   * @throws PresenceStoreException if there is none
   */
  RedisAsyncCommands<String, byte[]> commands() {
    RedisAsyncCommands<String, byte[]> current = commands;
    if (current == null) {
      throw new PresenceStoreException("Redis is not connected");
    }
    return current;
  }

  /** Answered once every message has come in that was published before; fails as {@link #commands}. */
  CompletionStage<String> caughtUp() {
    RedisPubSubAsyncCommands<String, byte[]> current = hearing;
    if (current == null) {
      throw new PresenceStoreException("Redis is not connected");
    }
    return current.ping();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      pair = null;
      commands = null;
      hearing = null;
    }
    client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
    resources.shutdown(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
