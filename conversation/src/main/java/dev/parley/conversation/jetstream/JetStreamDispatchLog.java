package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.Registry;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusCheckedException;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The dispatchers' log: one stream, a subject per shard; and the consumers by which they read. */
final class JetStreamDispatchLog implements DispatchLog {
  private static final String EXPECTED = "Nats-Expected-Last-Subject-Sequence";

  private final BrokerLink link;
  private final Requests requests;
  private final JetStreamRegistry dispatchers;

  JetStreamDispatchLog(BrokerLink link) {
    this.link = link;
    this.requests = new Requests(link);
    this.dispatchers = new JetStreamRegistry(link, StreamNames.DISPATCHERS);
  }

  @Override
  public CompletableFuture<Long> append(int shard, byte[] record, long expectedLast) {
    return requests.publish(
        StreamNames.dispatch(shard), new Headers().put(EXPECTED, Long.toString(expectedLast)), record);
  }

  @Override
  public CompletableFuture<Long> newest(int shard) {
    return PlainFailures.of(
        requests
            .lastBySubject(StreamNames.DISPATCH, StreamNames.dispatch(shard))
            .thenApply(last -> last == null ? NONE : last.position()));
  }

  @Override
  public CompletableFuture<Boolean> read(int shard, Instant since, Duration limit, Reader reader) {
    CompletableFuture<Boolean> read = new CompletableFuture<>();
    Thread.ofVirtual().name("read-dispatch-" + shard).start(() -> {
      try {
        read.complete(new StreamRead(link.connection(), StreamNames.DISPATCH, since, limit).run(shard, reader));
      } catch (IOException | JetStreamApiException | JetStreamStatusCheckedException | IllegalStateException e) {
        read.completeExceptionally(
            new LogException(Kind.UNKNOWN, "cannot read what dispatchers wrote: " + e.getMessage()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        read.completeExceptionally(new LogException(Kind.UNKNOWN, "interrupted"));
      } catch (RuntimeException e) {
        read.completeExceptionally(e);
      }
    });
    return read;
  }

  @Override
  public CompletableFuture<@Nullable Void> follow(Reader reader) {
    return new StreamFollow(link, StreamNames.DISPATCH, reader).start();
  }

  @Override
  public CompletableFuture<@Nullable Void> followMarks(Reader reader) {
    return new StreamFollow(link, StreamNames.MARKS, reader).start();
  }

  @Override
  public Registry dispatchers() {
    return dispatchers;
  }

  @Override
  public CompletableFuture<Feed> take(int shard, long position, Reader reader) {
    CompletableFuture<Feed> taken = new CompletableFuture<>();
    Thread.ofVirtual().name("feed-" + shard).start(() -> {
      try {
        taken.complete(JetStreamFeed.take(link, shard, position, reader));
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        taken.completeExceptionally(new LogException(Kind.UNKNOWN, "cannot read shard " + shard + ": " + e.getMessage()));
      }
    });
    return taken;
  }

  @Override
  public CompletableFuture<Long> end(int shard) {
    return PlainFailures.of(requests.extent(StreamNames.shard(shard)).thenApply(Requests.Extent::last));
  }
}
