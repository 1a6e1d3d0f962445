package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.Table.Entry;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatcher;
import io.nats.client.impl.NatsKeyValueWatchSubscription;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one listener a table's values. The client notices only after tens of seconds that a broker which came back has
 * forgotten the consumer, so a reconnect begins a new one where the old one was.
 *
 * <p>Thread-safe. The client makes consumers with blocking calls: they run on virtual threads.
 */
final class TableWatch {
  private static final Logger LOG = LoggerFactory.getLogger(TableWatch.class);
  private static final Duration RETRY = Duration.ofMillis(200);

  private final String bucket;
  private final Connection connection;
  private final BiConsumer<String, Entry> listener;
  private final CompletableFuture<@Nullable Void> told = new CompletableFuture<>();
  private @Nullable NatsKeyValueWatchSubscription subscription;
  private long lastRevision;

  TableWatch(TableName name, Connection connection, BiConsumer<String, Entry> listener) {
    this.bucket = StreamNames.bucket(name);
    this.connection = connection;
    this.listener = listener;
  }

  /** Begins; completed when all values that there were have been told. */
  CompletableFuture<@Nullable Void> start() {
    Thread.ofVirtual().name("watch-" + bucket).start(() -> {
      try {
        subscribe();
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        told.completeExceptionally(new LogException(Kind.UNKNOWN, "cannot watch a table: " + e.getMessage()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    return told;
  }

  /** Goes on with a new consumer, after a reconnect. One that never began stays ended. */
  void renew() {
    if (!told.isCompletedExceptionally()) {
      Thread.ofVirtual().name("watch-" + bucket).start(this::subscribeAgain);
    }
  }

  private void subscribeAgain() {
    // When the connection breaks again, the next reconnect comes here anew.
    while (connection.getStatus() == Connection.Status.CONNECTED) {
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
    NatsKeyValueWatchSubscription begun =
        connection.keyValue(bucket).watchAll(new Listener(), revision() + 1);
    NatsKeyValueWatchSubscription old = exchange(begun);
    if (old != null) {
      old.unsubscribe();
    }
  }

  private synchronized @Nullable NatsKeyValueWatchSubscription exchange(NatsKeyValueWatchSubscription begun) {
    NatsKeyValueWatchSubscription old = subscription;
    subscription = begun;
    return old;
  }

  private synchronized long revision() {
    return lastRevision;
  }

  /** Revisions grow over the whole table, so a lower one was told before, by this consumer or the one before it. */
  private synchronized void tell(String key, Entry entry) {
    if (entry.revision() > lastRevision) {
      lastRevision = entry.revision();
      listener.accept(key, entry);
    }
  }

  private final class Listener implements KeyValueWatcher {
    @Override
    public void watch(KeyValueEntry entry) {
      byte[] value = entry.getValue();
      if (value != null) {
        tell(SubjectKey.decode(entry.getKey()), new Entry(value, entry.getRevision()));
      }
    }

    @Override
    public void endOfData() {
      told.complete(null);
    }
  }
}
