package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueOperation;
import io.nats.client.api.KeyValueWatcher;
import io.nats.client.impl.NatsKeyValueWatchSubscription;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one reader what a bucket has and how it changes. The client notices only after tens of seconds that a broker
 * which came back has forgotten the consumer, so a reconnect begins a new one.
 *
 * <p>Thread-safe. The client makes consumers with blocking calls: they run on virtual threads.
 */
final class BucketWatch {
  private static final Logger LOG = LoggerFactory.getLogger(BucketWatch.class);
  private static final byte[] EMPTY = {};
  private static final Duration RETRY = Duration.ofMillis(200);

  private final String bucket;
  private final BrokerLink link;
  private final Reader reader;
  private final CompletableFuture<@Nullable Void> told = new CompletableFuture<>();
  private final Object subscribing = new Object();
  private final AtomicInteger renewals = new AtomicInteger();
  private @Nullable NatsKeyValueWatchSubscription subscription;
  private @Nullable Telling current;

  BucketWatch(String bucket, BrokerLink link, Reader reader) {
    this.bucket = bucket;
    this.link = link;
    this.reader = reader;
  }

  /** Who is told. Called by one thread at a time. */
  interface Reader {
    /** All that follows comes from a new consumer. The revision from which it is to tell; 1: all that there are. */
    long begin();

    /** The value that a key has; null: it has none any more. In order of revisions. */
    void tell(String key, byte @Nullable [] value, long revision);

    /** All that there were when the consumer began have been told. */
    void allTold();
  }

  /** Begins; completed when all values that there were have been told. */
  CompletableFuture<@Nullable Void> start() {
    link.onReconnect(this::renew);
    Thread.ofVirtual().name("watch-" + bucket).start(() -> {
      try {
        subscribe();
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        told.completeExceptionally(new LogException(Kind.UNKNOWN, "cannot watch " + bucket + ": " + e.getMessage()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    return told;
  }

  /** Goes on with a new consumer. A watch that never began stays ended. */
  private void renew() {
    if (!told.isCompletedExceptionally()) {
      renewals.incrementAndGet();
      Thread.ofVirtual().name("watch-" + bucket).start(() -> {
        subscribeAgain();
        renewals.decrementAndGet();
      });
    }
  }

  /** The consumer is known to tell nothing any more: goes on with a new one, unless that is under way. */
  void renewUnlessUnderWay() {
    if (renewals.get() == 0) {
      renew();
    }
  }

  private void subscribeAgain() {
    // When the connection breaks again, the next reconnect comes here anew.
    while (link.connected()) {
      try {
        subscribe();
        return;
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        LOG.debug("cannot watch {} yet", bucket, e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      LockSupport.parkNanos(RETRY.toNanos());
    }
  }

  private void subscribe() throws IOException, JetStreamApiException, InterruptedException {
    // One at a time, so that the consumer that stays is the one whose telling is current.
    synchronized (subscribing) {
      Telling telling = new Telling();
      Connection connection = link.connection();
      NatsKeyValueWatchSubscription begun = connection.keyValue(bucket).watchAll(telling, begin(telling));
      NatsKeyValueWatchSubscription old = subscription;
      subscription = begun;
      if (old != null) {
        old.unsubscribe();
      }
    }
  }

  private synchronized long begin(Telling telling) {
    current = telling;
    return reader.begin();
  }

  /** What one consumer tells, until the next one begins. */
  private final class Telling implements KeyValueWatcher {
    @Override
    public void watch(KeyValueEntry entry) {
      synchronized (BucketWatch.this) {
        if (current == this) {
          reader.tell(SubjectKey.decode(entry.getKey()), valueOf(entry), entry.getRevision());
        }
      }
    }

    private static byte @Nullable [] valueOf(KeyValueEntry entry) {
      if (entry.getOperation() != KeyValueOperation.PUT) {
        return null;
      }
      byte[] value = entry.getValue();
      return value == null ? EMPTY : value;
    }

    @Override
    public void endOfData() {
      synchronized (BucketWatch.this) {
        if (current == this) {
          reader.allTold();
          told.complete(null);
        }
      }
    }
  }
}
