package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.Registry;
import io.nats.client.impl.Headers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The routers, or the dispatchers, as a key-value bucket whose values end by themselves.
 *
 * <p>A watch falls silent when the node of the cluster dies that served it, and the client notices after 15 s (measured).
 * So each announcement tests the watches too: one that has not told it when the next is stored is begun anew.
 */
final class JetStreamRegistry implements Registry {
  private static final Logger LOG = LoggerFactory.getLogger(JetStreamRegistry.class);
  private static final byte[] NOTHING = {};

  /** How long after it is stored an announcement may take to be told. */
  private static final Duration TELLING_TIME = Duration.ofMillis(500);

  private final BrokerLink link;
  private final String bucket;
  private final Requests requests;
  private final List<Watch> watches = new CopyOnWriteArrayList<>();
  private long test;
  private long testedSince = System.nanoTime();

  JetStreamRegistry(BrokerLink link, String bucket) {
    this.link = link;
    this.bucket = bucket;
    this.requests = new Requests(link);
  }

  @Override
  public CompletableFuture<Long> announce(String router, byte[] entry) {
    if (entry.length > MAX_ENTRY_BYTES) {
      return refused("an entry of " + entry.length + " bytes");
    }
    return PlainFailures.of(put(router, null, entry).thenApply(revision -> {
      testWatches(revision);
      return revision;
    }));
  }

  private synchronized void testWatches(long stored) {
    long now = System.nanoTime();
    if (now - testedSince >= TELLING_TIME.toNanos()) {
      watches.stream().filter(watch -> watch.reader.newest() < test).forEach(watch -> {
        LOG.info("a watch of the {} has fallen silent and is begun anew", bucket);
        watch.consumers.renewUnlessUnderWay();
      });
      test = stored;
      testedSince = now;
    }
  }

  private record Watch(RegistryReader reader, BucketWatch consumers) {}

  @Override
  public CompletableFuture<@Nullable Void> withdraw(String router) {
    // A deletion, which is also called a marker: of those the broker makes no marker when they end.
    Headers headers = new Headers().put("KV-Operation", "DEL").put("Nats-Marker-Reason", "Remove");
    return PlainFailures.of(put(router, headers, NOTHING).thenApply(revision -> null));
  }

  private CompletableFuture<Long> put(String router, @Nullable Headers headers, byte[] entry) {
    if (router.isEmpty()) {
      return refused("a router without a name");
    }
    return requests.publish(StreamNames.value(bucket, router), headers, entry);
  }

  private static <T> CompletableFuture<T> refused(String why) {
    return CompletableFuture.failedFuture(new LogException(Kind.REFUSED, why));
  }

  @Override
  public CompletableFuture<@Nullable Void> watch(Watcher watcher) {
    RegistryReader reader = new RegistryReader(watcher);
    BucketWatch consumers = new BucketWatch(bucket, link, reader);
    return PlainFailures.of(consumers.start().thenApply(told -> {
      watches.add(new Watch(reader, consumers));
      return told;
    }));
  }
}
