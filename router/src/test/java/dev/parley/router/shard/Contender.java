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
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A router that wants a shard, reduced to its tenure: while it owns the shard and is under load, it keeps the window full
 * of records.
 */
final class Contender implements Tenure.Listener, AutoCloseable {
  private static final ByteString BODY = ByteString.copyFrom(new byte[100]);
  private static final long NOWHERE = 0;
  private static final long UNKNOWN = -1;

  private final ShardContext context;
  private final Executor thread;
  private final Runnable end;
  private final Tenure tenure;
  private final AtomicInteger sent = new AtomicInteger();
  private final AtomicInteger stored = new AtomicInteger();
  private final AtomicInteger deposed = new AtomicInteger();
  private volatile boolean owning;
  private boolean loaded;

  /** What was told of each record: where it lies, {@link #NOWHERE}, or {@link #UNKNOWN}. To be read when all is quiet. */
  final Map<ByteString, Long> outcomes = new LinkedHashMap<>();

  private final Set<ByteString> told = new HashSet<>();
  /** Records of which was told twice. */
  final Set<ByteString> toldTwice = new HashSet<>();

  /** {@code thread}: that of the shard; {@code end}: done when it is closed. */
  Contender(ShardContext context, Executor thread, Runnable end) {
    this.context = context;
    this.thread = thread;
    this.end = end;
    this.tenure = new Tenure(context, this);
  }

  /** One for shard 0 of a real broker, on a thread of its own; {@code window}: of its fences and of its load. */
  static Contender over(String name, JetStreamSettings settings, int window) {
    JetStreamBroker broker = JetStreamBroker.open(settings);
    ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, name));
    RandomGenerator random = RandomGenerator.getDefault();
    Timer timer =
        (delay, task) -> {
          if (!thread.isShutdown()) {
            thread.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
          }
        };
    ShardContext context =
        new ShardContext(
            0, name, random.nextLong(), window, OnLoop.log(broker.shard(0), thread), ShardRig.LIMITS,
            InstantSource.system(), System::nanoTime, timer, random, (one, two) -> false, broker::connected, ShardMetrics.NONE);
    return new Contender(
        context,
        thread,
        () -> {
          thread.shutdownNow();
          broker.close();
        });
  }

  void takeOver() {
    thread.execute(tenure::takeOver);
  }

  void settle() {
    thread.execute(tenure::settle);
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
      LogRecord record =
          LogRecord.newBuilder()
              .setRecordId(tenure.recordId())
              .setTerm(tenure.term())
              .setTime(Timestamps.of(tenure.now()))
              .setConversationId("c" + sent.incrementAndGet() % 500)
              .addEvents(BODY)
              .build();
      outcomes.put(record.getRecordId(), UNKNOWN);
      tenure.append(record);
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
    return CompletableFuture.supplyAsync(() -> !loaded && told.size() == sent.get(), thread).join();
  }

  /** How many records nobody knows the outcome of. */
  long unknown() {
    return outcomes.values().stream().filter(outcome -> outcome == UNKNOWN).count();
  }

  ShardContext context() {
    return context;
  }

  ShardLog log() {
    return context.log();
  }

  @Override
  public void settled(long ownerPosition) {
    owning = true;
    append(Integer.MAX_VALUE);
  }

  @Override
  public void committed(LogRecord record, long position, ByteString encoded, boolean mine) {
    if (mine) {
      tell(record, position);
      stored.incrementAndGet();
      append(Integer.MAX_VALUE);
    }
  }

  @Override
  public void notStored(LogRecord record, Kind why) {
    tell(record, NOWHERE);
  }

  @Override
  public void abandoned(LogRecord record) {
    tell(record, UNKNOWN);
  }

  private void tell(LogRecord record, long outcome) {
    outcomes.put(record.getRecordId(), outcome);
    if (!told.add(record.getRecordId())) {
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

  /** Ends as a killed process would: what it sent goes on. */
  @Override
  public void close() {
    end.run();
    tenure.close();
  }
}
