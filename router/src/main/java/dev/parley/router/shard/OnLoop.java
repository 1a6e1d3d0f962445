package dev.parley.router.shard;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.Inquiries;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.MarkLog;
import dev.parley.conversation.log.Registry;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.Table;
import dev.parley.conversation.log.Wakes;
import dev.parley.v1.Durability;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The broker's ports with every future completed on one thread, so that a shard needs no locks. */
final class OnLoop {
  private OnLoop() {}

  private static <T> CompletableFuture<T> hop(CompletableFuture<T> future, Executor loop) {
    CompletableFuture<T> hopped = new CompletableFuture<>();
    future.whenCompleteAsync(
        (value, failure) -> {
          if (failure == null) {
            hopped.complete(value);
          } else {
            hopped.completeExceptionally(failure);
          }
        },
        loop);
    return hopped;
  }

  /** The broker with every port on one thread; not for {@code registry} and {@code close}, which are nobody's here. */
  static Broker broker(Broker broker, Executor loop) {
    return new Broker() {
      @Override
      public Layout layout() {
        return broker.layout();
      }

      @Override
      public ShardLog shard(int shard) {
        return log(broker.shard(shard), loop);
      }

      @Override
      public Table table(TableName name) {
        return OnLoop.table(broker.table(name), loop);
      }

      @Override
      public MarkLog marks() {
        return OnLoop.marks(broker.marks(), loop);
      }

      @Override
      public Registry registry() {
        throw new UnsupportedOperationException("shards do not register");
      }

      @Override
      public Wakes wakes() {
        return broker.wakes();
      }

      @Override
      public Inquiries inquiries() {
        throw new UnsupportedOperationException("shards are not asked");
      }

      @Override
      public DispatchLog dispatch() {
        throw new UnsupportedOperationException("shards do not dispatch");
      }

      @Override
      public void onReconnect(Runnable action) {
        broker.onReconnect(() -> loop.execute(action));
      }

      @Override
      public Durability durability() {
        return broker.durability();
      }

      @Override
      public boolean connected() {
        return broker.connected();
      }

      @Override
      public void close() {
        throw new UnsupportedOperationException("shards do not close the broker");
      }
    };
  }

  static ShardLog log(ShardLog log, Executor loop) {
    return new ShardLog() {
      @Override
      public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
        return hop(log.append(key, record, expectedLast), loop);
      }

      @Override
      public CompletableFuture<Tail> tail() {
        return hop(log.tail(), loop);
      }

      @Override
      public CompletableFuture<@Nullable StoredRecord> last(String key) {
        return hop(log.last(key), loop);
      }

      @Override
      public CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position) {
        return hop(log.lastUpTo(key, position), loop);
      }

      @Override
      public CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions) {
        return hop(log.read(positions), loop);
      }

      @Override
      public CompletableFuture<Void> replace(long position, byte[] cut) {
        return hop(log.replace(position, cut), loop);
      }

      @Override
      public CompletableFuture<Void> trim(long firstKept) {
        return hop(log.trim(firstKept), loop);
      }
    };
  }

  static Table table(Table table, Executor loop) {
    return new Table() {
      @Override
      public CompletableFuture<@Nullable Entry> get(String key) {
        return hop(table.get(key), loop);
      }

      @Override
      public CompletableFuture<Long> put(String key, byte[] value, long expectedRevision) {
        return hop(table.put(key, value, expectedRevision), loop);
      }

      @Override
      public CompletableFuture<Void> watch(BiConsumer<String, Entry> listener) {
        return hop(table.watch((key, entry) -> loop.execute(() -> listener.accept(key, entry))), loop);
      }
    };
  }

  static MarkLog marks(MarkLog marks, Executor loop) {
    return new MarkLog() {
      @Override
      public CompletableFuture<Long> append(int shard, byte[] message) {
        return hop(marks.append(shard, message), loop);
      }

      @Override
      public CompletableFuture<Void> readAll(int shard, Consumer<ShardLog.StoredRecord> reader) {
        return hop(marks.readAll(shard, message -> loop.execute(() -> reader.accept(message))), loop);
      }

      @Override
      public CompletableFuture<Void> trim(int shard, long firstKept) {
        return hop(marks.trim(shard, firstKept), loop);
      }
    };
  }
}
