package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Term;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A router that wants shard 0 of a real broker, reduced to its tenure: while it owns the shard and is under load, it
 * keeps the window full of records.
 */
final class Contender implements Tenure.Listener, AutoCloseable {
  private static final ByteString BODY = ByteString.copyFrom(new byte[100]);

  private final JetStreamBroker broker;
  private final ScheduledExecutorService thread;
  private final ShardContext context;
  private final Tenure tenure;
  private final AtomicInteger sent = new AtomicInteger();
  private final AtomicInteger stored = new AtomicInteger();
  private final AtomicInteger deposed = new AtomicInteger();
  private volatile boolean owning;
  private boolean loaded;

  /** What was told of each record: where it lies; 0: nowhere; negative: nobody knows. To be read when all is quiet. */
  final Map<ByteString, Long> outcomes = new LinkedHashMap<>();
  /** Records of which was told twice. */
  final Set<ByteString> toldTwice = new HashSet<>();

  /** {@code window}: of its fences and of what it has in flight. */
  Contender(String name, JetStreamSettings settings, int window) {
    broker = JetStreamBroker.open(settings);
    thread = Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, name));
    RandomGenerator random = RandomGenerator.getDefault();
    Timer timer =
        (delay, task) -> {
          if (!thread.isShutdown()) {
            thread.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
          }
        };
    context =
        new ShardContext(
            0, name, random.nextLong(), window, OnLoop.log(broker.shard(0), thread), ShardRig.LIMITS,
            InstantSource.system(), System::nanoTime, timer, random, (one, two) -> false, broker::connected);
    tenure = new Tenure(context, this);
  }

  void takeOver() {
    thread.execute(tenure::takeOver);
  }

  void giveAway(Runnable done) {
    thread.execute(() -> tenure.giveAway(position -> done.run()));
  }

  /** Keeps the window full from now on, or does not. */
  void load(boolean on) {
    thread.execute(
        () -> {
          loaded = on;
          append(Integer.MAX_VALUE);
        });
  }

  /** Sends so many records, as far as there is room in the window. */
  void send(int count) {
    thread.execute(
        () -> {
          loaded = true;
          append(count);
          loaded = false;
        });
  }

  private void append(int most) {
    for (int i = 0; i < most && loaded && tenure.ready(); i++) {
      sent.incrementAndGet();
      tenure.append(
          LogRecord.newBuilder()
              .setRecordId(tenure.recordId())
              .setTerm(tenure.term())
              .setTime(Timestamps.of(tenure.now()))
              .setConversationId("c" + sent.get() % 500)
              .addEvents(BODY)
              .build());
    }
  }

  boolean owning() {
    return owning;
  }

  int sent() {
    return sent.get();
  }

  int stored() {
    return stored.get();
  }

  int deposed() {
    return deposed.get();
  }

  /** Of everything that was sent was told. */
  boolean quiet() {
    return CompletableFuture.supplyAsync(() -> !loaded && outcomes.size() == sent.get(), thread).join();
  }

  ShardContext context() {
    return context;
  }

  ShardLog log() {
    return broker.shard(0);
  }

  @Override
  public void settled(long ownerPosition) {
    owning = true;
    append(Integer.MAX_VALUE);
  }

  @Override
  public void committed(LogRecord record, long position, int size, boolean mine) {
    if (mine) {
      told(record, position);
      stored.incrementAndGet();
      append(Integer.MAX_VALUE);
    }
  }

  @Override
  public void notStored(LogRecord record, Kind why) {
    told(record, 0);
  }

  @Override
  public void abandoned(LogRecord record) {
    told(record, -1);
  }

  private void told(LogRecord record, long outcome) {
    if (outcomes.put(record.getRecordId(), outcome) != null) {
      toldTwice.add(record.getRecordId());
    }
  }

  @Override
  public void lostSight() {
    throw new IllegalStateException("this log neither went back nor was trimmed");
  }

  @Override
  public void deposed(Term by, @Nullable String router) {
    owning = false;
    deposed.incrementAndGet();
  }

  @Override
  public void close() {
    thread.shutdownNow();
    broker.close();
  }
}
