package dev.parley.bench.simulation;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.Inquiries;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.MarkLog;
import dev.parley.conversation.log.Registry;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.Table;
import dev.parley.conversation.log.Wakes;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.v1.Durability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One router's connections to the broker in memory. What is sent on one arrives in order; it may be stuck on the way for
 * longer than its time-out and arrive then, also after the connection was lost, or just when another router has put its
 * Owner record on the log; an answer may be lost; a reader may be behind.
 */
final class SimBroker implements Broker {
  private static final Duration TIME_OUT = Duration.ofSeconds(2);
  /** So many of the newest records a reader that is behind may lack. */
  private static final int MOST_BEHIND = 32;
  /** Each read meets one of them. */
  private static final int REPLICAS = 3;
  /** A replica is behind for longer than what is appended is stuck. */
  private static final Duration LAGS_ON = Duration.ofMillis(500);

  private final MemoryBroker there;
  private final VirtualTime time;
  private final Random random;
  private final SimProcess process;
  private final World world;
  private final List<Runnable> onReconnect = new ArrayList<>();
  private final Path appends = new Path();
  private final Path reads = new Path();
  private final Path tables = new Path();
  private final Path registrations = new Path();
  /** The last position on a replica to which nothing comes, of each shard, and for how long. */
  private final long[] replica;

  private long lagsUntil;
  private boolean connected = true;
  /** Before this time no news of routers comes. */
  private long newsAt;
  /** Counts connections: what belonged to an earlier one is over. */
  private int generation;
  private final List<Registry.Watcher> watchers = new ArrayList<>();
  private final Map<String, Long> registered = new HashMap<>();

  /** Appends to each shard that wait on the way for the Owner record of another router; null: they do not. */
  private @Nullable Map<Integer, List<Runnable>> late;

  /** What happens around it. */
  interface World {
    /** There are no faults any more. */
    boolean calm();

    /** This router's Owner record has just come to lie on the log of a shard. */
    void tookOver(SimBroker by, int shard);
  }

  /** One direction there and back, each in order. */
  private final class Path {
    private long lastArrival;
    private long lastReply;
    private long stuckUntil;

    long arrival() {
      lastArrival = Math.max(Math.max(lastArrival, stuckUntil), time.nanos() + delay());
      return lastArrival;
    }

    long reply() {
      lastReply = Math.max(lastReply, time.nanos() + delay());
      return lastReply;
    }
  }

  SimBroker(MemoryBroker there, VirtualTime time, Random random, SimProcess process, World world) {
    this.there = there;
    this.time = time;
    this.random = random;
    this.process = process;
    this.world = world;
    this.replica = new long[there.layout().shards()];
  }

  private long delay() {
    return 50_000L + random.nextInt(1_500_000);
  }

  private boolean happens(int perMille) {
    return !world.calm() && random.nextInt(1_000) < perMille;
  }

  /** What is sent from now on arrives only after this time; its senders may have given up by then. */
  void stick(Duration howLong) {
    long until = time.nanos() + howLong.toNanos();
    appends.stuckUntil = Math.max(appends.stuckUntil, until);
    if (random.nextBoolean()) {
      reads.stuckUntil = Math.max(reads.stuckUntil, until);
      tables.stuckUntil = Math.max(tables.stuckUntil, until);
      registrations.stuckUntil = Math.max(registrations.stuckUntil, until);
    } else {
      lag(howLong.plus(LAGS_ON));
    }
  }

  /** One of the replicas, to which nothing comes for so long, goes on to answer who reads from it. */
  private void lag(Duration howLong) {
    lagsUntil = time.nanos() + howLong.toNanos();
    for (int shard = 0; shard < replica.length; shard++) {
      replica[shard] = there.shard(shard).tail().join().position();
    }
  }

  /** What happens to routers is told to this one only after this time: it goes by what it knew. */
  void hearLate(Duration howLong) {
    newsAt = Math.max(newsAt, time.nanos() + howLong.toNanos());
  }

  /** The others take this router for dead, and it does not hear of it; everything else works. */
  void forget(Duration howLong) {
    registrations.stuckUntil = Math.max(registrations.stuckUntil, time.nanos() + howLong.toNanos());
    hearLate(howLong);
  }

  /** What is appended from now on arrives right behind the Owner record of another router, or after so long. */
  void beLate(Duration howLong) {
    if (late == null) {
      late = new HashMap<>();
      time.after(howLong, () -> {
        Map<Integer, List<Runnable>> arriving = late;
        late = null;
        if (arriving != null) {
          arriving.values().forEach(appends -> appends.forEach(Runnable::run));
        }
      });
    }
  }

  /** Another router has just put its Owner record on the log of this shard. */
  void overtaken(int shard) {
    List<Runnable> arriving = late == null ? null : late.remove(shard);
    if (arriving != null) {
      arriving.forEach(Runnable::run);
    }
  }

  private CompletableFuture<Long> arrive(int shard, Supplier<CompletableFuture<Long>> append) {
    if (late == null) {
      return append.get();
    }
    CompletableFuture<Long> answer = new CompletableFuture<>();
    late.computeIfAbsent(shard, any -> new ArrayList<>()).add(() -> hand(answer, append.get()));
    return answer;
  }

  private void tellOthers(int shard, String key, CompletableFuture<Long> appended) {
    if (key.equals(ShardLog.OWNER_KEY) && !appended.isCompletedExceptionally()) {
      world.tookOver(this, shard);
    }
  }

  /** The connections are lost for a while; what was under way may arrive all the same. */
  void disconnect(Duration howLong) {
    if (!connected) {
      return;
    }
    connected = false;
    generation++;
    time.after(howLong, () -> {
      connected = true;
      process.run(() -> {
        watchAgain();
        onReconnect.forEach(Runnable::run);
      });
    });
  }

  private <T extends @Nullable Object> CompletableFuture<T> over(
      Path path, Supplier<CompletableFuture<T>> action, int lostPerMille) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    if (!connected) {
      time.after(Duration.ofNanos(100_000), () -> process.run(() -> fail(answer, Kind.NOT_SENT)));
      return answer;
    }
    int mine = generation;
    boolean lost = happens(lostPerMille);
    time.at(path.arrival(), () -> {
      if (lost && random.nextBoolean()) {
        return; // never arrives
      }
      CompletableFuture<T> done = action.get();
      done.whenComplete((value, failure) -> {
        if (!lost && mine == generation) {
          time.at(path.reply(), () -> process.run(() -> hand(answer, done)));
        }
      });
    });
    time.after(TIME_OUT, () -> process.run(() -> fail(answer, Kind.UNKNOWN)));
    return answer;
  }

  /** As a reader sees it who knows the log only up to a position. */
  private static List<@Nullable StoredRecord> upTo(
      long last, long[] positions, List<@Nullable StoredRecord> records) {
    List<@Nullable StoredRecord> seen = new ArrayList<>(records);
    for (int i = 0; i < positions.length; i++) {
      if (positions[i] > last) {
        seen.set(i, null);
      }
    }
    return seen;
  }

  private static <T extends @Nullable Object> void hand(CompletableFuture<T> answer, CompletableFuture<T> done) {
    done.whenComplete((value, failure) -> {
      if (failure == null) {
        answer.complete(value);
      } else {
        answer.completeExceptionally(failure);
      }
    });
  }

  private static void fail(CompletableFuture<?> answer, Kind kind) {
    answer.completeExceptionally(new LogException(kind, "a bad network"));
  }

  @Override
  public Layout layout() {
    return there.layout();
  }

  @Override
  public ShardLog shard(int shard) {
    ShardLog log = there.shard(shard);
    return new ShardLog() {
      @Override
      public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
        Supplier<CompletableFuture<Long>> append = () -> {
          CompletableFuture<Long> appended = log.append(key, record, expectedLast);
          tellOthers(shard, key, appended);
          return appended;
        };
        return over(appends, () -> arrive(shard, append), key.length() > 1 ? 3 : 1);
      }

      @Override
      public CompletableFuture<Tail> tail() {
        return over(appends, log::tail, 5);
      }

      @Override
      public CompletableFuture<@Nullable StoredRecord> last(String key) {
        return over(appends, () -> log.last(key), 5);
      }

      @Override
      public CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position) {
        return over(reads, () -> log.lastUpTo(key, position), 5);
      }

      @Override
      public CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions) {
        int lacks = happens(100) ? 1 + random.nextInt(MOST_BEHIND) : 0;
        boolean lags = random.nextInt(REPLICAS) == 0;
        return over(
            reads,
            () ->
                log.read(positions)
                    .thenCombine(
                        log.tail(),
                        (records, tail) ->
                            upTo(
                                lags && time.nanos() < lagsUntil ? replica[shard] : tail.position() - lacks,
                                positions,
                                records)),
            5);
      }

      @Override
      public CompletableFuture<Void> replace(long position, byte[] cut) {
        return over(tables, () -> log.replace(position, cut), 5);
      }

      @Override
      public CompletableFuture<Void> trim(long firstKept) {
        return over(tables, () -> log.trim(firstKept), 5);
      }
    };
  }

  @Override
  public Table table(TableName name) {
    Table table = there.table(name);
    return new Table() {
      @Override
      public CompletableFuture<@Nullable Entry> get(String key) {
        return over(tables, () -> table.get(key), 5);
      }

      @Override
      public CompletableFuture<Long> put(String key, byte[] value, long expectedRevision) {
        return over(tables, () -> table.put(key, value, expectedRevision), 5);
      }

      @Override
      public CompletableFuture<Void> watch(BiConsumer<String, Entry> listener) {
        throw new UnsupportedOperationException("nobody watches a table here");
      }
    };
  }

  @Override
  public MarkLog marks() {
    MarkLog marks = there.marks();
    return new MarkLog() {
      @Override
      public CompletableFuture<Long> append(int shard, byte[] message) {
        return over(tables, () -> marks.append(shard, message), 5);
      }

      @Override
      public CompletableFuture<Void> readAll(int shard, Consumer<ShardLog.StoredRecord> reader) {
        List<ShardLog.StoredRecord> found = new ArrayList<>();
        return over(tables, () -> marks.readAll(shard, found::add), 5)
            .thenApply(done -> {
              found.forEach(reader);
              return done;
            });
      }

      @Override
      public CompletableFuture<Void> trim(int shard, long firstKept) {
        return over(tables, () -> marks.trim(shard, firstKept), 5);
      }
    };
  }

  // ------------------------------------------------------------------ registry and notices

  @Override
  public Registry registry() {
    Registry registry = there.registry();
    return new Registry() {
      @Override
      public CompletableFuture<Long> announce(String router, byte[] entry) {
        return over(registrations, () -> registry.announce(router, entry), 5);
      }

      @Override
      public CompletableFuture<Void> withdraw(String router) {
        return over(registrations, () -> registry.withdraw(router), 0);
      }

      @Override
      public CompletableFuture<Void> watch(Watcher watcher) {
        watchers.add(watcher);
        watchAgain();
        return CompletableFuture.completedFuture(null);
      }
    };
  }

  /** What is there is told, and what has ended meanwhile. */
  private void watchAgain() {
    int mine = generation;
    Map<String, Long> before = new HashMap<>(registered);
    Registry.Watcher relay =
        new Registry.Watcher() {
          @Override
          public void announced(String router, byte[] entry, long revision) {
            before.remove(router);
            relay(mine, () -> {
              registered.put(router, revision);
              watchers.forEach(watcher -> watcher.announced(router, entry, revision));
            });
          }

          @Override
          public void gone(String router, long revision) {
            relay(mine, () -> {
              registered.remove(router);
              watchers.forEach(watcher -> watcher.gone(router, revision));
            });
          }
        };
    there.registry().watch(relay);
    before.forEach((router, revision) -> relay.gone(router, revision + 1));
  }

  private void relay(int ofGeneration, Runnable news) {
    if (ofGeneration == generation && connected) {
      time.at(Math.max(registrations.reply(), newsAt), () -> process.run(() -> {
        if (ofGeneration == generation) {
          news.run();
        }
      }));
    }
  }

  @Override
  public Inquiries inquiries() {
    throw new UnsupportedOperationException("nobody asks here");
  }

  @Override
  public DispatchLog dispatch() {
    throw new UnsupportedOperationException("nobody dispatches here");
  }

  @Override
  public Wakes wakes() {
    return new Wakes() {
      @Override
      public void wake(String userId, byte[] notice) {
        if (connected && !happens(20)) {
          time.at(tables.arrival(), () -> there.wakes().wake(userId, notice));
        }
      }

      @Override
      public Subscription listen(String userId, Consumer<byte[]> listener) {
        return there.wakes().listen(userId, notice -> {
          if (connected) {
            time.at(tables.reply(), () -> process.run(() -> listener.accept(notice)));
          }
        });
      }
    };
  }

  @Override
  public void onReconnect(Runnable action) {
    onReconnect.add(action);
  }

  @Override
  public Durability durability() {
    return there.durability();
  }

  @Override
  public boolean connected() {
    return connected;
  }

  @Override
  public void close() {}
}
