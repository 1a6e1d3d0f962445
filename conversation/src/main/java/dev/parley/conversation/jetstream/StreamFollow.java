package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.DispatchLog.Reader;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import io.nats.client.ConsumeOptions;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.MessageConsumer;
import io.nats.client.StreamContext;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.api.StreamState;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells all messages of a stream whose subjects end with a shard's number, in order, then each new one. A reconnect goes on
 * with a new consumer behind the last message that was told.
 *
 * <p>Thread-safe. The client makes consumers with blocking calls: they run on virtual threads.
 */
final class StreamFollow {
  private static final Logger LOG = LoggerFactory.getLogger(StreamFollow.class);
  private static final Duration RETRY = Duration.ofMillis(200);

  /** How long a pull lives: twice as long as it takes to notice that the broker has forgotten it. */
  private static final long PULL_MS = 2_000;

  private static final int BATCH = 512;

  private final BrokerLink link;
  private final String stream;
  private final Reader reader;
  private final Dispatcher dispatcher;
  private final CompletableFuture<@Nullable Void> told = new CompletableFuture<>();
  private final Object subscribing = new Object();
  private @Nullable MessageConsumer consumer;
  private long last;
  private long awaited = Long.MAX_VALUE;
  private int generation;

  StreamFollow(BrokerLink link, String stream, Reader reader) {
    this.link = link;
    this.stream = stream;
    this.reader = reader;
    this.dispatcher = link.connection().createDispatcher();
    dispatcher.setPendingLimits(-1, -1); // what was pulled is bounded
  }

  /** Begins; completed when all messages that there were have been told. */
  CompletableFuture<@Nullable Void> start() {
    link.onReconnect(() -> Thread.ofVirtual().name("follow-" + stream).start(this::subscribeAgain));
    Thread.ofVirtual().name("follow-" + stream).start(() -> {
      try {
        subscribe();
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        told.completeExceptionally(new LogException(Kind.UNKNOWN, "cannot follow " + stream + ": " + e.getMessage()));
      }
    });
    return told;
  }

  private void subscribeAgain() {
    // When the connection breaks again, the next reconnect comes here anew.
    while (link.connected() && !told.isCompletedExceptionally()) {
      try {
        subscribe();
        return;
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        LOG.debug("cannot follow {} yet", stream, e);
      }
      LockSupport.parkNanos(RETRY.toNanos());
    }
  }

  private void subscribe() throws IOException, JetStreamApiException {
    synchronized (subscribing) {
      StreamContext context = link.connection().getStreamContext(stream);
      StreamState state = context.getStreamInfo().getStreamState();
      int mine = begin(state.getMsgCount() == 0 ? 0 : state.getLastSequence());
      MessageConsumer old = consumer;
      if (old != null) {
        old.stop();
      }
      OrderedConsumerConfiguration place =
          new OrderedConsumerConfiguration().deliverPolicy(DeliverPolicy.ByStartSequence).startSequence(next());
      consumer = context
          .createOrderedConsumer(place)
          .consume(
              ConsumeOptions.builder().batchSize(BATCH).expiresIn(PULL_MS).build(),
              dispatcher,
              message -> heard(mine, message));
    }
  }

  private synchronized int begin(long newest) {
    awaited = Math.min(awaited, newest);
    finishIfTold();
    return ++generation;
  }

  private synchronized long next() {
    return last + 1;
  }

  private synchronized void heard(int from, Message message) {
    long sequence = message.metaData().streamSequence();
    if (from != generation || sequence <= last) {
      return;
    }
    last = sequence;
    reader.tell(StreamNames.shardOf(message.getSubject()), new StoredRecord(sequence, message.getData()));
    finishIfTold();
  }

  private void finishIfTold() {
    if (last >= awaited) {
      told.complete(null);
    }
  }
}
