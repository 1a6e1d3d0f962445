package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.Table;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.api.KeyValueEntry;
import io.nats.client.api.KeyValueWatcher;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A table as a key-value bucket with one value per key. */
final class JetStreamTable implements Table {
  private static final String EXPECTED_REVISION = "Nats-Expected-Last-Subject-Sequence";

  private final TableName name;
  private final Requests requests;
  private final Connection connection;

  JetStreamTable(TableName name, Requests requests, Connection connection) {
    this.name = name;
    this.requests = requests;
    this.connection = connection;
  }

  @Override
  public CompletableFuture<@Nullable Entry> get(String key) {
    return PlainFailures.of(requests.lastBySubject(StreamNames.tableStream(name), StreamNames.value(name, key))
        .thenApply(stored -> stored == null ? null : new Entry(stored.bytes(), stored.position())));
  }

  @Override
  public CompletableFuture<Long> put(String key, byte[] value, long expectedRevision) {
    if (key.isEmpty()) {
      return CompletableFuture.failedFuture(new LogException(Kind.REFUSED, "a value without a key"));
    }
    Headers headers = new Headers().put(EXPECTED_REVISION, Long.toString(expectedRevision));
    return requests.publish(StreamNames.value(name, key), headers, value);
  }

  @Override
  public CompletableFuture<@Nullable Void> watch(BiConsumer<String, Entry> listener) {
    CompletableFuture<@Nullable Void> told = new CompletableFuture<>();
    // The client makes the consumer with blocking calls, and makes it anew by itself when the broker has lost it.
    Thread.ofVirtual().name("watch-" + StreamNames.bucket(name)).start(() -> {
      try {
        connection.keyValue(StreamNames.bucket(name)).watchAll(new Listener(listener, told));
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        told.completeExceptionally(new LogException(Kind.UNKNOWN, "cannot watch a table: " + e.getMessage()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        told.completeExceptionally(new LogException(Kind.UNKNOWN, "interrupted"));
      }
    });
    return told;
  }

  private record Listener(BiConsumer<String, Entry> listener, CompletableFuture<@Nullable Void> told)
      implements KeyValueWatcher {
    @Override
    public void watch(KeyValueEntry entry) {
      byte[] value = entry.getValue();
      if (value != null) {
        listener.accept(SubjectKey.decode(entry.getKey()), new Entry(value, entry.getRevision()));
      }
    }

    @Override
    public void endOfData() {
      told.complete(null);
    }
  }
}
