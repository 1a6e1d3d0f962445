package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener.Events;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to the broker and the requests in flight on it, whose replies all come to one inbox. The connection
 * mends itself for ever; requests do not outlive a break.
 *
 * <p>Thread-safe; requests of one thread are sent in its order. Futures are completed on the connection's threads.
 */
final class BrokerLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BrokerLink.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration RECONNECT_WAIT = Duration.ofMillis(100);
  private static final Duration RECONNECT_JITTER = Duration.ofMillis(200);
  private static final Duration PING_INTERVAL = Duration.ofSeconds(5);
  private static final int MAX_PINGS_OUT = 2;

  private final String name;
  private final PendingReplies pending;
  private final Connection connection;
  private final Turns turns;
  private final String inboxPrefix;

  /**
   * Connects. Blocks until it is connected, or fails with NOT_SENT.
   *
   * @param name tells the connections apart in logs and at the broker
   * @param timeout of each request
   */
  static BrokerLink open(JetStreamSettings settings, String name, Duration timeout) {
    PendingReplies pending = new PendingReplies(timeout);
    Turns turns = new Turns();
    try {
      Connection connection = Nats.connect(options(settings, name, pending, turns));
      return new BrokerLink(name, pending, connection, turns);
    } catch (IOException e) {
      pending.close();
      throw notReached(settings, e.getMessage());
    } catch (InterruptedException e) {
      pending.close();
      Thread.currentThread().interrupt();
      throw notReached(settings, "interrupted");
    }
  }

  private static LogException notReached(JetStreamSettings settings, @Nullable String why) {
    return new LogException(Kind.NOT_SENT, "cannot reach the broker at " + settings.servers() + ": " + why);
  }

  private BrokerLink(String name, PendingReplies pending, Connection connection, Turns turns) {
    this.name = name;
    this.pending = pending;
    this.connection = connection;
    this.turns = turns;
    String inbox = connection.createInbox();
    inboxPrefix = inbox + ".";
    Dispatcher replies = connection.createDispatcher();
    // The requests in flight are bounded; a reply that is dropped here would look like a lost one.
    replies.setPendingLimits(-1, -1);
    replies.subscribe(inbox + ".*", this::received);
  }

  /** What is to be done when the connection is lost, and when it is there again. */
  private record Turns(List<Runnable> lost, List<Runnable> again) {
    Turns() {
      this(new CopyOnWriteArrayList<>(), new CopyOnWriteArrayList<>());
    }
  }

  private static Options options(JetStreamSettings settings, String name, PendingReplies pending, Turns turns) {
    AtomicReference<@Nullable Events> told = new AtomicReference<>();
    Options.Builder options = Options.builder()
        .servers(settings.servers().toArray(String[]::new))
        .connectionName("parley-" + name)
        .connectionTimeout(CONNECT_TIMEOUT)
        .maxReconnects(-1)
        .reconnectWait(RECONNECT_WAIT)
        .reconnectJitter(RECONNECT_JITTER)
        .reconnectJitterTls(RECONNECT_JITTER)
        // What cannot be sent now fails now: its owner decides what becomes of it.
        .reconnectBufferSize(0)
        .pingInterval(PING_INTERVAL)
        .maxPingsOut(MAX_PINGS_OUT)
        .errorListener(new LoggedErrors(name))
        .connectionListener((connection, event) -> {
          if (told.getAndSet(event) != event) { // each try to connect that fails is one more disconnection
            LOG.info("broker connection {}: {}", name, event);
          }
          if (event == Events.DISCONNECTED || event == Events.CLOSED) {
            pending.failAll("the connection to the broker broke");
            turns.lost().forEach(Runnable::run);
          } else if (event == Events.RESUBSCRIBED) {
            turns.again().forEach(Runnable::run);
          }
        });
    JetStreamSettings.Login login = settings.login();
    if (login != null) {
      options.userInfo(login.user(), login.password());
    }
    if (settings.credentialsFile() != null) {
      options.authHandler(Nats.credentials(settings.credentialsFile().toString()));
    }
    if (settings.tls() != null) {
      options.sslContext(settings.tls());
    }
    return options.build();
  }

  /** Runs this when the connection is lost, before what follows a reconnect; it must not block. */
  void onLoss(Runnable action) {
    turns.lost().add(action);
  }

  /**
   * Runs this after each reconnect, on a thread of the connection: it must not block. What it sends on this connection
   * reaches the broker behind all subscriptions.
   */
  void onReconnect(Runnable action) {
    turns.again().add(action);
  }

  /** Does not run it any more. */
  void notOnReconnect(Runnable action) {
    turns.again().remove(action);
  }

  /** The connection, for what needs more than requests. */
  Connection connection() {
    return connection;
  }

  boolean connected() {
    return connection.getStatus() == Connection.Status.CONNECTED;
  }

  /** Sends a request with a text as its body. */
  <T extends @Nullable Object> CompletableFuture<T> request(
      String subject, String body, Function<Message, T> reader) {
    return request(subject, null, body.getBytes(StandardCharsets.UTF_8), reader);
  }

  /**
   * Sends a request before it returns.
   *
   * @param reader makes the value out of the reply, or throws a LogException
   */
  <T extends @Nullable Object> CompletableFuture<T> request(
      String subject, @Nullable Headers headers, byte[] body, Function<Message, T> reader) {
    CompletableFuture<T> result = new CompletableFuture<>();
    long id = pending.add(new PendingReplies.Waiting(
        reply -> {
          try {
            result.complete(reader.apply(reply));
          } catch (LogException e) {
            result.completeExceptionally(e);
          } catch (RuntimeException e) {
            LOG.error("broker connection {}: cannot read the reply to {}", name, subject, e);
            result.completeExceptionally(new LogException(Kind.UNKNOWN, "an unreadable reply from the broker"));
          }
        },
        result::completeExceptionally));
    try {
      connection.publish(subject, inboxPrefix + id, headers, body);
    } catch (IllegalStateException e) {
      // Thrown before the message is queued: disconnected, closed, or the queue is stuck.
      pending.fail(id, new LogException(Kind.NOT_SENT, "the broker is not connected: " + e.getMessage()));
    } catch (IllegalArgumentException e) {
      pending.fail(id, new LogException(Kind.REFUSED, "the broker would not take it: " + e.getMessage()));
    }
    return result;
  }

  private void received(Message reply) {
    String subject = reply.getSubject();
    try {
      pending.answer(Long.parseLong(subject, inboxPrefix.length(), subject.length(), 10), reply);
    } catch (NumberFormatException e) {
      LOG.warn("broker connection {}: a reply to {}, which nobody sent", name, subject);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    pending.close();
  }
}
