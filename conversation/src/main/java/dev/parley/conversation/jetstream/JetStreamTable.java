package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.Table;
import io.nats.client.impl.Headers;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A table as a key-value bucket with one value per key. */
final class JetStreamTable implements Table {
  private static final String EXPECTED_REVISION = "Nats-Expected-Last-Subject-Sequence";

  private final TableName name;
  private final Requests requests;
  private final BrokerLink link;

  JetStreamTable(TableName name, BrokerLink link) {
    this.name = name;
    this.requests = new Requests(link);
    this.link = link;
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
    TableWatch watch = new TableWatch(name, link.connection(), listener);
    link.onReconnect(watch::renew);
    return watch.start();
  }
}
