package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.DispatchLog.Feed;
import dev.parley.conversation.log.DispatchLog.Reader;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.StreamContext;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.impl.NatsJetStreamMetaData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shard read by a durable pull consumer, whose acknowledged floor is the position that outlives us. Each reading, and
 * each reconnect, makes a consumer of its own name behind the highest floor there is, and then deletes the others: so two
 * never share one, and no moment is without a floor.
 *
 * <p>Thread-safe. The client makes consumers with blocking calls: they run on virtual threads.
 */
final class JetStreamFeed implements Feed {
  private static final Logger LOG = LoggerFactory.getLogger(JetStreamFeed.class);

  /** What durable consumers of dispatchers are called, before something random. */
  private static final String PREFIX = "dispatcher-";

  private static final byte[] ACK = "+ACK".getBytes(StandardCharsets.US_ASCII);
  private static final Duration RETRY = Duration.ofMillis(200);

  /** The broker writes and syncs a consumer's state after each acknowledgement: beside the log, on the same disk. */
  private static final Executor ACKNOWLEDGED = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);

  private static final int MAX_UNACKNOWLEDGED = 4_096;

  /** Long: a record is told again by a new consumer, never by the same. */
  private static final Duration ACK_WAIT = Duration.ofHours(24);

  private final BrokerLink link;
  private final int shard;
  private final Reader reader;
  private final Runnable again = this::reconnected;
  private final Object subscribing = new Object();
  private final Deque<Unacknowledged> unacknowledged = new ArrayDeque<>();
  private @Nullable LotPuller puller;
  private @Nullable String name;
  private @Nullable String toAcknowledge;
  private boolean acknowledging;
  private long begin;
  private long acknowledged;
  private long last;
  private long consumed;
  private int generation;
  private boolean closed;

  private JetStreamFeed(BrokerLink link, int shard, Reader reader) {
    this.link = link;
    this.shard = shard;
    this.reader = reader;
  }

  private record Unacknowledged(long position, String replyTo) {}

  /** Blocks. Position: as in {@link dev.parley.conversation.log.DispatchLog#take}. */
  static JetStreamFeed take(BrokerLink link, int shard, long position, Reader reader)
      throws IOException, JetStreamApiException {
    JetStreamFeed feed = new JetStreamFeed(link, shard, reader);
    feed.begin = feed.beginning(position);
    feed.acknowledged = feed.begin;
    feed.last = feed.begin;
    feed.subscribe();
    link.onReconnect(feed.again);
    return feed;
  }

  private long beginning(long known) throws IOException, JetStreamApiException {
    StreamContext context = context();
    long position = known;
    for (String other : dispatchers(context)) {
      position = Math.max(position, context.getConsumerInfo(other).getAckFloor().getStreamSequence());
    }
    return position < 0 ? context.getStreamInfo().getStreamState().getLastSequence() : position;
  }

  private StreamContext context() throws IOException, JetStreamApiException {
    return link.connection().getStreamContext(StreamNames.shard(shard));
  }

  private static List<String> dispatchers(StreamContext context) throws IOException, JetStreamApiException {
    return context.getConsumerNames().stream().filter(name -> name.startsWith(PREFIX)).toList();
  }

  private void reconnected() {
    Thread.ofVirtual().name("feed-" + shard).start(this::subscribeAgain);
  }

  private void subscribeAgain() {
    // When the connection breaks again, the next reconnect comes here anew.
    while (link.connected() && !isClosed()) {
      try {
        subscribe();
        return;
      } catch (IOException | JetStreamApiException | IllegalStateException e) {
        LOG.debug("cannot read shard {} yet", shard, e);
      }
      LockSupport.parkNanos(RETRY.toNanos());
    }
  }

  private void subscribe() throws IOException, JetStreamApiException {
    synchronized (subscribing) {
      if (isTakenByAnother()) {
        close();
        return;
      }
      StreamContext context = context();
      List<String> others = dispatchers(context);
      String mine = PREFIX + UUID.randomUUID().toString().substring(0, 8);
      ConsumerConfiguration configuration =
          ConsumerConfiguration.builder()
              .durable(mine)
              .deliverPolicy(DeliverPolicy.ByStartSequence)
              .startSequence(acknowledgedUpTo() + 1)
              .ackPolicy(AckPolicy.All)
              .ackWait(ACK_WAIT)
              .maxAckPending(MAX_UNACKNOWLEDGED)
              .build();
      int generation = beginAnew();
      context.createOrUpdateConsumer(configuration);
      // Not before: as long as there is only the old one, that one proves that nobody else has the shard.
      named(mine);
      for (String other : others) {
        delete(context, other);
      }
      LotPuller begun =
          new LotPuller(
              link, StreamNames.shard(shard), mine, message -> heard(generation, message), this::reconnected);
      LotPuller ended = pullWith(begun);
      if (ended != null) {
        ended.close();
      }
    }
  }

  /** Whoever takes a shard deletes the consumer of the one before. */
  private boolean isTakenByAnother() throws IOException, JetStreamApiException {
    String mine = name;
    if (mine == null) {
      return false;
    }
    List<String> there = dispatchers(context());
    return !there.isEmpty() && !there.contains(mine);
  }

  private static void delete(StreamContext context, String name) throws IOException {
    try {
      context.deleteConsumer(name);
    } catch (JetStreamApiException gone) {
      LOG.debug("another one has deleted {}", name, gone);
    }
  }

  private synchronized @Nullable LotPuller pullWith(LotPuller begun) {
    if (closed) {
      return begun;
    }
    LotPuller old = puller;
    puller = begun;
    begun.start();
    return old;
  }

  private synchronized void named(String consumerName) {
    name = consumerName;
  }

  private synchronized int beginAnew() {
    unacknowledged.clear();
    toAcknowledge = null;
    consumed = 0;
    return ++generation;
  }

  private synchronized long acknowledgedUpTo() {
    return acknowledged;
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized void heard(int from, Message message) {
    if (from != generation || closed) {
      return;
    }
    NatsJetStreamMetaData place = message.metaData();
    if (place.consumerSequence() != consumed + 1) {
      LOG.info("shard {}: a record was lost on its way; it is read again", shard);
      generation++;
      reconnected();
      return;
    }
    consumed++;
    unacknowledged.add(new Unacknowledged(place.streamSequence(), message.getReplyTo()));
    if (place.streamSequence() > last) {
      last = place.streamSequence();
      reader.tell(shard, new StoredRecord(place.streamSequence(), message.getData()));
    }
  }

  @Override
  public long begin() {
    return begin;
  }

  @Override
  public synchronized void acknowledge(long position) {
    acknowledged = Math.max(acknowledged, position);
    while (!unacknowledged.isEmpty() && unacknowledged.peek().position() <= position) {
      toAcknowledge = unacknowledged.poll().replyTo();
    }
    if (toAcknowledge != null && !acknowledging) {
      acknowledging = true;
      ACKNOWLEDGED.execute(this::sendAcknowledgement);
    }
  }

  private synchronized void sendAcknowledgement() {
    acknowledging = false;
    String replyTo = toAcknowledge;
    toAcknowledge = null;
    if (replyTo != null && !closed) {
      try {
        link.connection().publish(replyTo, ACK);
      } catch (IllegalStateException notConnected) {
        LOG.debug("an acknowledgement was lost; the next reading begins behind it all the same", notConnected);
      }
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      sendAcknowledgement();
      closed = true;
      generation++;
      if (puller != null) {
        puller.close();
      }
    }
    link.notOnReconnect(again);
  }
}
