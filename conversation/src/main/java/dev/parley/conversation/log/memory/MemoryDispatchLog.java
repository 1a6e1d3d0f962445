package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.Registry;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The dispatchers' log in memory. Readers are told on the writer's thread. */
final class MemoryDispatchLog implements DispatchLog {
  private final MemoryBroker broker;
  private final InstantSource clock;
  private final List<MemoryShardLog> shards;
  private final MemoryMarkLog marks;
  private final MemoryRegistry dispatchers;
  private final List<Message> messages = new ArrayList<>();
  private final List<Reader> readers = new ArrayList<>();
  private long first = 1;
  private final long[] newest;
  private final long[] floors;
  private final @Nullable MemoryFeed[] feeds;

  MemoryDispatchLog(
      MemoryBroker broker,
      InstantSource clock,
      List<MemoryShardLog> shards,
      MemoryMarkLog marks,
      MemoryRegistry dispatchers) {
    this.broker = broker;
    this.clock = clock;
    this.shards = shards;
    this.marks = marks;
    this.dispatchers = dispatchers;
    newest = new long[shards.size()];
    floors = new long[shards.size()];
    feeds = new MemoryFeed[shards.size()];
    Arrays.fill(floors, UNKNOWN);
  }

  private record Message(int shard, StoredRecord record, Instant time) {}

  @Override
  public CompletableFuture<Long> append(int shard, byte[] record, long expectedLast) {
    return broker.answer(() -> appendNow(shard, record, expectedLast));
  }

  /** Drops all messages; positions go on. */
  synchronized void forget() {
    first = next();
    messages.clear();
    Arrays.fill(newest, NONE);
  }

  private long next() {
    return first + messages.size();
  }

  private synchronized long appendNow(int shard, byte[] record, long expectedLast) {
    if (record.length > ShardLog.MAX_RECORD_BYTES) {
      throw new LogException(LogException.Kind.REFUSED, "a message of " + record.length + " bytes");
    }
    if (newest[shard] != expectedLast) {
      throw new LogException(
          LogException.Kind.CONFLICT, "the newest message is at " + newest[shard] + ", not " + expectedLast);
    }
    long position = next();
    Message message = new Message(shard, new StoredRecord(position, record), clock.instant());
    messages.add(message);
    newest[shard] = position;
    readers.forEach(reader -> reader.tell(shard, message.record));
    return position;
  }

  @Override
  public CompletableFuture<Long> newest(int shard) {
    return broker.answer(() -> {
      synchronized (this) {
        return newest[shard];
      }
    });
  }

  @Override
  public CompletableFuture<Boolean> read(int shard, Instant since, Duration limit, Reader reader) {
    return broker.answer(() -> {
      synchronized (this) {
        messages.stream()
            .filter(message -> message.shard == shard && !message.time.isBefore(since))
            .forEach(message -> reader.tell(shard, message.record));
        return true;
      }
    });
  }

  @Override
  public CompletableFuture<@Nullable Void> follow(Reader reader) {
    return broker.answer(() -> {
      synchronized (this) {
        messages.forEach(message -> reader.tell(message.shard, message.record));
        readers.add(reader);
        return null;
      }
    });
  }

  @Override
  public CompletableFuture<@Nullable Void> followMarks(Reader reader) {
    return broker.answer(() -> {
      marks.follow(reader);
      return null;
    });
  }

  @Override
  public Registry dispatchers() {
    return dispatchers;
  }

  @Override
  public CompletableFuture<Feed> take(int shard, long position, Reader reader) {
    return broker.answer(() -> takeNow(shard, position, reader));
  }

  @Override
  public CompletableFuture<Long> end(int shard) {
    return broker.answer(() -> shards.get(shard).newestPosition());
  }

  private synchronized Feed takeNow(int shard, long position, Reader reader) {
    MemoryFeed old = feeds[shard];
    if (old != null) {
      old.close();
    }
    long known = Math.max(position, floors[shard]);
    long begin = known < 0 ? shards.get(shard).newestPosition() : known;
    floors[shard] = begin;
    MemoryFeed feed = new MemoryFeed(shard, begin, reader);
    feeds[shard] = feed;
    shards.get(shard).follow(begin, feed::tell);
    return feed;
  }

  private synchronized void acknowledged(int shard, long position) {
    floors[shard] = Math.max(floors[shard], position);
  }

  private final class MemoryFeed implements Feed {
    private final int shard;
    private final long begin;
    private final Reader reader;
    private volatile boolean closed;

    MemoryFeed(int shard, long begin, Reader reader) {
      this.shard = shard;
      this.begin = begin;
      this.reader = reader;
    }

    void tell(StoredRecord record) {
      if (!closed) {
        reader.tell(shard, record);
      }
    }

    @Override
    public long begin() {
      return begin;
    }

    @Override
    public void acknowledge(long position) {
      acknowledged(shard, position);
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
