package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.Inquiries;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.MarkLog;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.Table;
import dev.parley.conversation.log.Wakes;
import dev.parley.v1.Durability;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A broker in memory. Everything is gone when the JVM ends.
 *
 * <p>Thread-safe. Deterministic: futures are completed before a method returns, and watches are told on the writer's
 * thread.
 */
public final class MemoryBroker implements Broker {
  private final Layout layout;
  private final List<MemoryShardLog> shards;
  private final Map<TableName, MemoryTable> tables = new EnumMap<>(TableName.class);
  private final MemoryMarkLog marks;
  private final MemoryRegistry registry;
  private final MemoryWakes wakes = new MemoryWakes(this);
  private final MemoryInquiries inquiries = new MemoryInquiries(this);
  private final MemoryDispatchLog dispatch;
  private volatile boolean closed;

  /** An empty broker that takes what the heap takes. */
  public MemoryBroker(Layout layout) {
    this(layout, Long.MAX_VALUE, InstantSource.system());
  }

  /**
   * An empty broker.
   *
   * @param maxBytesPerShard a shard refuses records that would bring it above this
   * @param clock says until when a router is registered, and when a dispatcher has written; what is over ends with {@link
   *     MemoryRegistry#expire}
   */
  public MemoryBroker(Layout layout, long maxBytesPerShard, InstantSource clock) {
    this.layout = layout;
    shards = IntStream.range(0, layout.shards()).mapToObj(k -> new MemoryShardLog(this, maxBytesPerShard)).toList();
    for (TableName name : TableName.values()) {
      tables.put(name, new MemoryTable(this));
    }
    marks = new MemoryMarkLog(this, layout.shards());
    registry = new MemoryRegistry(this, clock);
    dispatch = new MemoryDispatchLog(this, clock, shards, marks, new MemoryRegistry(this, clock));
  }

  /** Answers with a value or the exception, at once; after {@link #close} with NOT_SENT. */
  <T> CompletableFuture<T> answer(Supplier<T> action) {
    if (closed) {
      return CompletableFuture.failedFuture(new LogException(LogException.Kind.NOT_SENT, "the broker is closed"));
    }
    try {
      return CompletableFuture.completedFuture(action.get());
    } catch (LogException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public Layout layout() {
    return layout;
  }

  @Override
  public ShardLog shard(int shard) {
    return shards.get(shard);
  }

  @Override
  public Table table(TableName name) {
    return Objects.requireNonNull(tables.get(name));
  }

  @Override
  public MarkLog marks() {
    return marks;
  }

  @Override
  public MemoryRegistry registry() {
    return registry;
  }

  @Override
  public Wakes wakes() {
    return wakes;
  }

  @Override
  public Inquiries inquiries() {
    return inquiries;
  }

  @Override
  public DispatchLog dispatch() {
    return dispatch;
  }

  /** Drops what dispatchers have written, as the broker does when it is old: for tests of those who go on. */
  public void forgetDispatched() {
    dispatch.forget();
  }

  /** Never runs it: memory is always there. */
  @Override
  public void onReconnect(Runnable action) {}

  @Override
  public Durability durability() {
    return Durability.DURABILITY_MEMORY;
  }

  @Override
  public boolean connected() {
    return !closed;
  }

  @Override
  public void close() {
    closed = true;
  }
}
