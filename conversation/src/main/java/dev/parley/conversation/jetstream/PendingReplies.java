package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import io.nats.client.Message;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a connection that wait for a reply. All have the same time-out, so they expire in the order of their
 * numbers, and one tick for all is enough.
 *
 * <p>Thread-safe.
 */
final class PendingReplies implements AutoCloseable {
  private static final long TICK_MILLIS = 20;

  private final long timeoutNanos;
  private final Map<Long, Waiting> waiting = new ConcurrentHashMap<>();
  private final ScheduledExecutorService ticker;
  private long lastId;
  private long lastExpired;

  PendingReplies(Duration timeout) {
    timeoutNanos = timeout.toNanos();
    ticker = Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().name("broker-timeouts").daemon().factory());
    ticker.scheduleWithFixedDelay(this::expire, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * A request that was sent. Exactly one of the two is called, once.
   *
   * @param onReply takes the reply
   * @param onFailure is told that none comes
   * @param sentNanos when, by System.nanoTime
   */
  record Waiting(Consumer<Message> onReply, Consumer<LogException> onFailure, long sentNanos) {
    Waiting(Consumer<Message> onReply, Consumer<LogException> onFailure) {
      this(onReply, onFailure, System.nanoTime());
    }
  }

  /** Adds a request; its number. */
  synchronized long add(Waiting request) {
    long id = ++lastId;
    waiting.put(id, request);
    return id;
  }

  /** A reply came. One that nobody waits for any more is dropped. */
  void answer(long id, Message reply) {
    Waiting request = waiting.remove(id);
    if (request != null) {
      request.onReply().accept(reply);
    }
  }

  /** No reply will come to this one. */
  void fail(long id, LogException why) {
    Waiting request = waiting.remove(id);
    if (request != null) {
      request.onFailure().accept(why);
    }
  }

  /** No reply will come to any that was sent up to now: each may have been done or not. */
  void failAll(String why) {
    waiting.keySet().forEach(id -> fail(id, new LogException(Kind.UNKNOWN, why)));
  }

  private void expire() {
    long now = System.nanoTime();
    for (Long id = nextToExpire(now); id != null; id = nextToExpire(now)) {
      fail(id, new LogException(Kind.UNKNOWN, "no answer from the broker in time"));
    }
  }

  private synchronized @Nullable Long nextToExpire(long now) {
    while (lastExpired < lastId) {
      Waiting request = waiting.get(lastExpired + 1);
      if (request != null && now - request.sentNanos() < timeoutNanos) {
        return null;
      }
      lastExpired++;
      if (request != null) {
        return lastExpired;
      }
    }
    return null;
  }

  /** Fails what waits and ends the ticking. */
  @Override
  public void close() {
    failAll("the connection to the broker is closed");
    ticker.shutdown();
  }
}
