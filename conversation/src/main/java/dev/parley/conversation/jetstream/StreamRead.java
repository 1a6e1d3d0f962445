package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.DispatchLog.Reader;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusCheckedException;
import io.nats.client.Message;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.OrderedConsumerConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;

/**
 * One reading of what a stream has of one shard since a time. It ends at the message that is the newest when it begins.
 * Blocks: for a virtual thread of its own.
 */
final class StreamRead {
  private static final int NO_MESSAGE_FOUND = 10037;

  /** What is pulled ahead of the reader, so that a stream of large messages does not fill the memory. */
  private static final int BATCH_BYTES = 4 << 20;

  private final Connection connection;
  private final String stream;
  private final ZonedDateTime since;
  private final long until;

  /** {@code limit}: how long it may take from now on. */
  StreamRead(Connection connection, String stream, Instant since, Duration limit) {
    this.connection = connection;
    this.stream = stream;
    this.since = since.atZone(ZoneOffset.UTC);
    this.until = System.nanoTime() + limit.toNanos();
  }

  /** Tells the shard's messages in order; false: the time was up before the last. */
  boolean run(int shard, Reader reader)
      throws IOException, JetStreamApiException, JetStreamStatusCheckedException, InterruptedException {
    String subject = stream + "." + shard;
    MessageInfo newest = newest(subject);
    if (newest == null || newest.getTime().isBefore(since)) {
      return true;
    }
    OrderedConsumerConfiguration place =
        new OrderedConsumerConfiguration()
            .filterSubject(subject)
            .deliverPolicy(DeliverPolicy.ByStartTime)
            .startTime(since);
    ConsumeOptions ahead = ConsumeOptions.builder().batchBytes(BATCH_BYTES).build();
    try (IterableConsumer messages =
        connection.getStreamContext(stream).createOrderedConsumer(place).iterate(ahead)) {
      long position = 0;
      while (position < newest.getSeq()) {
        Message message = messages.nextMessage(Math.max(1, millisLeft()));
        if (message == null || millisLeft() <= 0) {
          return false;
        }
        position = message.metaData().streamSequence();
        reader.tell(shard, new StoredRecord(position, message.getData()));
      }
      return true;
    } catch (IOException | JetStreamApiException | JetStreamStatusCheckedException | InterruptedException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("the reading could not be ended", e);
    }
  }

  private long millisLeft() {
    return (until - System.nanoTime()) / 1_000_000;
  }

  private @Nullable MessageInfo newest(String subject) throws IOException, JetStreamApiException {
    try {
      return connection.jetStreamManagement().getLastMessage(stream, subject);
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() == NO_MESSAGE_FOUND) {
        return null;
      }
      throw e;
    }
  }
}
