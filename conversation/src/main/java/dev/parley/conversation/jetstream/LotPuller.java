package dev.parley.conversation.jetstream;

import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.MessageHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pulls what a durable consumer has in lots: it waits for one record, lets others gather for {@link #GATHER}, and then
 * takes all that there are. A reader that has seconds for each record, as one that pushes after a grace has, so costs
 * the broker and itself a write and a wake-up a lot instead of one a record; a shard in which nothing happens costs a
 * request in {@link #WAIT}.
 *
 * <p>Thread-safe. The handler is called by one thread at a time.
 */
final class LotPuller implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LotPuller.class);

  private static final Duration GATHER = Duration.ofMillis(400);
  private static final Duration WAIT = Duration.ofSeconds(20);
  private static final int LOT = 256;

  /** Nothing, not even that the wait is over: the request or the answer was lost. */
  private static final Duration SILENCE = WAIT.plusSeconds(5);

  private static final byte[] FIRST = request("\"batch\":1,\"expires\":" + WAIT.toNanos());
  private static final byte[] REST = request("\"batch\":" + LOT + ",\"no_wait\":true");

  /** What a wait ends with when nothing came. */
  private static final int NOTHING_CAME = 408;

  private static final Executor GATHERED = after(GATHER);
  private static final Executor RETRIED = after(Duration.ofSeconds(1));
  private static final Executor SILENT = after(SILENCE);

  private final BrokerLink link;
  private final String subject;
  private final String inbox;
  private final MessageHandler handler;
  private final Runnable gone;
  private final Dispatcher dispatcher;
  private boolean gathering;
  private int awaited;
  private long request;
  private boolean closed;

  /**
   * Pulls nothing before {@link #start}.
   *
   * @param gone is called when the consumer is not there any more, and nothing is pulled until {@link #close}
   */
  LotPuller(BrokerLink link, String stream, String consumer, MessageHandler handler, Runnable gone) {
    this.link = link;
    this.subject = "$JS.API.CONSUMER.MSG.NEXT." + stream + "." + consumer;
    this.inbox = link.connection().createInbox();
    this.handler = handler;
    this.gone = gone;
    this.dispatcher = link.connection().createDispatcher();
    dispatcher.setPendingLimits(-1, -1); // what was pulled is bounded
  }

  private static Executor after(Duration delay) {
    return CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static byte[] request(String members) {
    return ("{" + members + "}").getBytes(StandardCharsets.UTF_8);
  }

  /** Begins. Without a connection nothing is pulled: who made this begins anew after a reconnect. */
  synchronized void start() {
    dispatcher.subscribe(inbox + ".*", this::heard);
    waitForOne();
    watchLater();
  }

  private synchronized void waitForOne() {
    pull(false, 1, FIRST);
  }

  private synchronized void gather() {
    pull(true, LOT, REST);
  }

  private void pull(boolean rest, int messages, byte[] body) {
    if (closed) {
      return;
    }
    gathering = rest;
    awaited = messages;
    request++;
    try {
      link.connection().publish(subject, inbox + "." + request, body);
    } catch (IllegalStateException notConnected) {
      LOG.debug("nothing is pulled by {} until there is a connection", subject, notConnected);
    }
  }

  private synchronized void watch(long before) {
    if (closed) {
      return;
    }
    if (before == request) {
      waitForOne();
    }
    watchLater();
  }

  private void watchLater() {
    long now = request;
    SILENT.execute(() -> watch(now));
  }

  private void heard(Message message) throws InterruptedException {
    if (message.isStatusMessage()) {
      ended(message);
    } else {
      handler.onMessage(message);
      received();
    }
  }

  private synchronized void received() {
    if (--awaited > 0) {
      return;
    }
    if (gathering) {
      gather(); // there are more
    } else {
      request++; // it is answered
      GATHERED.execute(this::gather);
    }
  }

  /** The request is over before all that it asked for came: there is no more, or the consumer moved or is gone. */
  private synchronized void ended(Message status) {
    if (!status.getSubject().equals(inbox + "." + request)) {
      return;
    }
    if (gathering || status.getStatus().getCode() == NOTHING_CAME) {
      waitForOne();
    } else {
      LOG.info("{}: {}; read anew", subject, status.getStatus());
      request++;
      RETRIED.execute(this::tellGone);
    }
  }

  private void tellGone() {
    if (!isClosed()) {
      gone.run();
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      link.connection().closeDispatcher(dispatcher);
    } catch (IllegalStateException closedAlready) {
      LOG.debug("the connection was closed before", closedAlready);
    }
  }
}
