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

  private final String bucket;
  private final Requests requests;
  private final BrokerLink link;

  JetStreamTable(TableName name, BrokerLink link) {
    this.bucket = StreamNames.bucket(name);
    this.requests = new Requests(link);
    this.link = link;
  }

  @Override
  public CompletableFuture<@Nullable Entry> get(String key) {
    return PlainFailures.of(requests.lastBySubject(StreamNames.bucketStream(bucket), StreamNames.value(bucket, key))
        .thenApply(stored -> stored == null ? null : new Entry(stored.bytes(), stored.position())));
  }

  @Override
  public CompletableFuture<Long> put(String key, byte[] value, long expectedRevision) {
    if (key.isEmpty()) {
      return CompletableFuture.failedFuture(new LogException(Kind.REFUSED, "a value without a key"));
    }
    Headers headers = new Headers().put(EXPECTED_REVISION, Long.toString(expectedRevision));
    return requests.publish(StreamNames.value(bucket, key), headers, value);
  }

  @Override
  public CompletableFuture<@Nullable Void> watch(BiConsumer<String, Entry> listener) {
    return new BucketWatch(bucket, link, new TableReader(listener)).start();
  }
}
