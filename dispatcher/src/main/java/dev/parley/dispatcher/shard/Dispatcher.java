package dev.parley.dispatcher.shard;

import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.Registry;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.dispatcher.push.PushProvider;
import dev.parley.dispatcher.user.BlockedUsers;
import dev.parley.dispatcher.user.Names;
import dev.parley.dispatcher.user.PushUsers;
import dev.parley.internal.v1.DispatchRecord;
import dev.parley.internal.v1.PushOutcome;
import dev.parley.internal.v1.PushResult;
import dev.parley.v1.DeadLetter;
import dev.parley.v1.PushTarget;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of the dispatchers: registers, takes its share of the shards, and tells people of what happens there.
 *
 * <p>Whoever takes a shard says so first on the dispatchers' log, behind the newest message that it has folded: so it knows
 * all that was done before, and whoever had the shard can write nothing more. What was handed to a provider but not yet
 * written when a dispatcher dies is handed over once more, under the same id.
 *
 * <p>Thread-safe: everything happens on one loop.
 */
public final class Dispatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
  private static final Duration TICK = Duration.ofMillis(50);
  private static final Duration RENEWAL = Duration.ofSeconds(1);
  private static final Duration RETRY = Duration.ofMillis(200);
  private static final Duration PROBE = Duration.ofSeconds(30);
  private static final Duration FORGETTING = Duration.ofHours(1);
  /** As long as the dispatchers' log. */
  private static final Duration REMEMBERED = Duration.ofDays(7);
  private static final int MOST_PROBES = 100;
  private static final int REDRIVE_TRIES = 10;
  /** At most 700 bytes each: below what a message may have. */
  private static final int REDRIVE_AT_ONCE = 500;
  private static final Duration LAST_WRITES = Duration.ofSeconds(2);

  private final String name;
  private final Surroundings around;
  private final DispatchLog log;
  private final int shards;
  private final ShardListener listener;
  private final Map<Integer, Owned> owned = new HashMap<>();
  private final Set<Integer> taking = new HashSet<>();
  private final Lag lag;
  private Set<Integer> wanted = Set.of();
  private volatile int routerCount;
  private boolean registered;
  private boolean leaving;

  /** Who else works on the shards of this dispatcher. Called on its loop. */
  public interface ShardListener {
    /** The shard is this dispatcher's. */
    void own(int shard);

    /** It is not any more. */
    void disown(int shard);

    /** It has grown up to this position. */
    void grown(int shard, long position);
  }

  private record Owned(ShardDispatcher shard, DispatchLog.Feed feed, Incoming incoming) {}

  /** What a dispatcher is made of; {@code loop} stays the caller's to end, after {@link #close}. */
  public record Parts(
      Broker broker,
      InstantSource clock,
      RandomGenerator random,
      ScheduledExecutorService loop,
      DispatchTimes times,
      PushUsers users,
      BlockedUsers blocked,
      Names names,
      int concurrentPushes,
      Function<PushTarget, @Nullable PushProvider> providers,
      DispatchMetrics metrics,
      ShardListener listener) {}

  /** A dispatcher that does nothing yet. */
  public Dispatcher(String name, Parts parts) {
    this.name = name;
    this.log = parts.broker().dispatch();
    this.shards = parts.broker().layout().shards();
    this.listener = parts.listener();
    ReadMarks marks =
        new ReadMarks(
            userId -> parts.users().of(userId).getDevicesCount() > 0,
            (shard, userId, conversationId, seq) -> {
              Owned there = owned.get(shard);
              if (there != null) {
                there.shard().read(userId, conversationId, seq);
              }
            });
    History history = new History(shards);
    this.around =
        new Surroundings(
            name + "/" + UUID.randomUUID(),
            parts.broker(),
            parts.clock(),
            parts.random(),
            parts.loop(),
            parts.times(),
            history,
            new Badges(history),
            marks,
            parts.users(),
            parts.blocked(),
            parts.names(),
            new Routers(parts.broker().inquiries(), () -> routerCount, parts.times().question(), parts.loop()),
            new Sender(parts.concurrentPushes(), parts.clock(), parts.loop()),
            parts.providers(),
            parts.metrics());
    this.lag = new Lag(around);
  }

  /** Learns what was done so far, registers and begins. */
  public CompletableFuture<Void> start() {
    return log.follow((shard, record) -> on(() -> told(shard, record)))
        .thenCompose(done -> log.followMarks((shard, record) -> on(() -> around.marks().fold(shard, record))))
        .thenCompose(done -> around.broker().registry().watch(new Members(this::routersChanged)))
        .thenCompose(done -> log.dispatchers().watch(new Members(this::dispatchersChanged)))
        .thenRun(() -> on(this::begin));
  }

  private void on(Runnable task) {
    try {
      around.loop().execute(() -> {
        try {
          task.run();
        } catch (RuntimeException e) {
          LOG.error("{}: a task failed", name, e);
        }
      });
    } catch (RejectedExecutionException e) {
      LOG.debug("{} has ended: nothing more is done", name, e);
    }
  }

  private void begin() {
    renew();
    tick();
    look();
    after(PROBE, this::probe);
    after(FORGETTING, this::forget);
  }

  private void forget() {
    around.history().forgetBefore(around.clock().instant().minus(REMEMBERED));
    after(FORGETTING, this::forget);
  }

  /** Some of what was given up for want of an answer: so a provider is asked again also when there are no news. */
  private void probe() {
    if (!leaving) {
      redriveLogged(
          outcomes(dead -> !dead.redriven() && dead.outcome().getUnavailable() && isOwn(dead.outcome())).stream()
              .limit(MOST_PROBES)
              .toList());
      after(PROBE, this::probe);
    }
  }

  private boolean isOwn(PushOutcome outcome) {
    return owned.containsKey(shardOf(outcome.getConversationId()));
  }

  private void redriveLogged(List<PushOutcome> dead) {
    redrive(dead)
        .exceptionally(
            failure -> {
              LOG.info("{}: dead letters are not tried again now", name, failure);
              return 0;
            });
  }

  private void tick() {
    if (!leaving) {
      around.sender().tick();
      owned.values().forEach(one -> one.shard().tick());
      after(TICK, this::tick);
    }
  }

  /** While it is not among the dispatchers, nothing is known of the lag, and its age grows. */
  private void look() {
    if (!leaving) {
      if (registered) {
        lag.look(wanted);
      }
      after(Lag.EVERY, this::look);
    }
  }

  private void after(Duration time, Runnable task) {
    around.loop().schedule(() -> on(task), time.toMillis(), TimeUnit.MILLISECONDS);
  }

  // ------------------------------------------------------------------ who is there

  private void renew() {
    if (leaving) {
      return;
    }
    log.dispatchers()
        .announce(name, around.self().getBytes(StandardCharsets.UTF_8))
        .exceptionally(
            failure -> {
              LOG.debug("not announced; it is tried again", failure);
              return 0L;
            });
    after(RENEWAL, this::renew);
  }

  /** Tells who is there. */
  private final class Members implements Registry.Watcher {
    private final Consumer<Set<String>> listener;
    private final Set<String> there = new TreeSet<>();

    Members(Consumer<Set<String>> listener) {
      this.listener = listener;
    }

    @Override
    public void announced(String member, byte[] entry, long revision) {
      if (there.add(member)) {
        tell();
      }
    }

    @Override
    public void gone(String member, long revision) {
      if (there.remove(member)) {
        tell();
      }
    }

    private void tell() {
      Set<String> now = Set.copyOf(there);
      on(() -> listener.accept(now));
    }
  }

  private void routersChanged(Set<String> now) {
    routerCount = now.size();
  }

  private void dispatchersChanged(Set<String> now) {
    registered = now.contains(name);
    wanted = registered && !leaving ? Assignment.of(name, now, shards) : Set.of();
    LOG.info("{}: dispatchers are {}; shards {} are mine", name, new TreeSet<>(now), new TreeSet<>(wanted));
    for (int shard : List.copyOf(owned.keySet())) {
      if (!wanted.contains(shard)) {
        release(shard);
      }
    }
    wanted.forEach(this::take);
  }

  // ------------------------------------------------------------------ shards come and go

  /** What is read of a shard: it waits until the shard is taken. Everything but {@code tell} on the loop. */
  private final class Incoming implements DispatchLog.Reader {
    private final List<StoredRecord> early = new ArrayList<>();
    private @Nullable ShardDispatcher to;
    private boolean ended;

    @Override
    public void tell(int shard, StoredRecord record) {
      on(() -> come(shard, record));
    }

    private void come(int shard, StoredRecord record) {
      if (ended) {
        return;
      }
      if (to == null) {
        early.add(record);
      } else {
        to.record(record);
        listener.grown(shard, record.position());
      }
    }

    void flowTo(ShardDispatcher dispatcher) {
      to = dispatcher;
      early.forEach(dispatcher::record);
      early.clear();
    }

    void end() {
      ended = true;
      early.clear();
    }
  }

  private void take(int shard) {
    if (leaving || !wanted.contains(shard) || owned.containsKey(shard) || !taking.add(shard)) {
      return;
    }
    Incoming incoming = new Incoming();
    CompletableFuture<DispatchLog.Feed> taken =
        around.history().position(shard) == DispatchLog.UNKNOWN
            ? log.take(shard, DispatchLog.UNKNOWN, incoming)
                .thenComposeAsync(feed -> claim(shard, feed.begin(), feed), around.loop())
            : claim(shard, around.history().position(shard), null)
                .thenComposeAsync(
                    nothing -> log.take(shard, around.history().position(shard), incoming), around.loop());
    taken.whenCompleteAsync((feed, failure) -> taken(shard, incoming, feed, failure), around.loop());
  }

  /** Says on the log that the shard is this dispatcher's from here on. Gives {@code feed} back, or closes it. */
  private CompletableFuture<DispatchLog.@Nullable Feed> claim(
      int shard, long position, DispatchLog.@Nullable Feed feed) {
    byte[] record =
        DispatchRecord.newBuilder()
            .setTaken(true)
            .setDispatcher(around.self())
            .setPosition(position)
            .setTime(Timestamps.of(around.clock().instant()))
            .build()
            .toByteArray();
    return log.append(shard, record, around.history().newest(shard))
        .whenCompleteAsync(
            (place, failure) -> {
              if (place != null) {
                around.history().fold(shard, new StoredRecord(place, record));
              } else if (feed != null) {
                feed.close();
              }
            },
            around.loop())
        .thenApply(place -> feed);
  }

  private void taken(
      int shard, Incoming incoming, DispatchLog.@Nullable Feed feed, @Nullable Throwable failure) {
    taking.remove(shard);
    if (feed == null) {
      LOG.debug("{}: shard {} cannot be taken yet", name, shard, failure);
      incoming.end();
      takeLater(shard);
      return;
    }
    if (leaving || !wanted.contains(shard)) {
      incoming.end();
      feed.close();
      return;
    }
    ShardDispatcher dispatcher = new ShardDispatcher(shard, feed.begin(), around, () -> lost(shard));
    dispatcher.acknowledge(feed::acknowledge);
    owned.put(shard, new Owned(dispatcher, feed, incoming));
    incoming.flowTo(dispatcher);
    dispatcher.catchUp();
    listener.own(shard);
    LOG.info("{}: has shard {} from {} on", name, shard, feed.begin());
  }

  /** The log may have dropped the newest message of the shard that was known: then the next goes behind what is left. */
  private void takeLater(int shard) {
    long known = around.history().newest(shard);
    around.on(
        log.newest(shard),
        (newest, failure) -> {
          if (newest != null && newest < known && around.history().newest(shard) == known) {
            around.history().newestIs(shard, newest);
          }
          after(RETRY, () -> take(shard));
        });
  }

  /** Another dispatcher has taken a shard. */
  private void lost(int shard) {
    Owned was = owned.remove(shard);
    if (was != null) {
      LOG.info("{}: another dispatcher has taken shard {}", name, shard);
      was.incoming().end();
      was.feed().close();
      was.shard().close();
      listener.disown(shard);
      after(RENEWAL, () -> take(shard));
    }
  }

  /** The shard is another one's to take: what is done is written. */
  private CompletableFuture<Void> release(int shard) {
    Owned was = owned.remove(shard);
    if (was == null) {
      return CompletableFuture.completedFuture(null);
    }
    was.incoming().end();
    listener.disown(shard);
    return was.shard()
        .finish()
        .orTimeout(LAST_WRITES.toMillis(), TimeUnit.MILLISECONDS)
        .handleAsync(
            (done, failure) -> {
              was.feed().close();
              was.shard().close();
              return null;
            },
            around.loop());
  }

  // ------------------------------------------------------------------ what the log of dispatchers says

  private void told(int shard, StoredRecord record) {
    around.history().fold(shard, record);
    Owned there = owned.get(shard);
    if (there != null) {
      there.shard().historyMoved();
    }
    there = owned.get(shard); // it may just have been lost
    if (there != null) {
      there.shard().redrive();
    }
  }

  /** The dead letters, newest first. */
  public CompletableFuture<List<DeadLetter>> deadLetters() {
    return CompletableFuture.supplyAsync(() -> around.history().deadLetters(), around.loop());
  }

  /** Has these dead letters tried again, by whoever has their shards; none named: all. How many there are of them. */
  public CompletableFuture<Integer> redrive(Collection<String> ids) {
    return CompletableFuture.supplyAsync(
            () -> outcomes(dead -> !dead.redriven() && (ids.isEmpty() || ids.contains(dead.letter().getDeadLetterId()))),
            around.loop())
        .thenCompose(this::redrive);
  }

  /** A provider answers again: what was given up because it did not is tried again, in this dispatcher's shards. */
  public void available(String provider) {
    on(
        () ->
            redriveLogged(
                outcomes(
                    dead ->
                        !dead.redriven()
                            && dead.outcome().getUnavailable()
                            && dead.outcome().getProvider().equals(provider)
                            && isOwn(dead.outcome()))));
  }

  private int shardOf(String conversationId) {
    return ConversationIds.shardOf(conversationId, shards);
  }

  private List<PushOutcome> outcomes(Predicate<History.Dead> which) {
    return around.history().dead().stream().filter(which).map(History.Dead::outcome).toList();
  }

  private CompletableFuture<Integer> redrive(List<PushOutcome> dead) {
    CompletableFuture<Integer> count = CompletableFuture.completedFuture(0);
    Map<Integer, List<PushOutcome>> byShard =
        dead.stream().collect(Collectors.groupingBy(outcome -> shardOf(outcome.getConversationId())));
    for (Map.Entry<Integer, List<PushOutcome>> of : byShard.entrySet()) {
      List<PushOutcome> all = of.getValue();
      for (int from = 0; from < all.size(); from += REDRIVE_AT_ONCE) {
        List<PushOutcome> some = all.subList(from, Math.min(all.size(), from + REDRIVE_AT_ONCE));
        count =
            count.thenCompose(
                before -> redrive(of.getKey(), some, REDRIVE_TRIES).thenApply(redriven -> before + redriven));
      }
    }
    return count;
  }

  private CompletableFuture<Integer> redrive(int shard, List<PushOutcome> dead, int tries) {
    DispatchRecord.Builder record =
        DispatchRecord.newBuilder()
            .setDispatcher(around.self())
            .setTime(Timestamps.of(around.clock().instant()));
    dead.forEach(outcome -> record.addPushes(outcome.toBuilder().setResult(PushResult.PUSH_RESULT_REDRIVEN)));
    return CompletableFuture.supplyAsync(() -> around.history().newest(shard), around.loop())
        .thenCompose(newest -> log.append(shard, record.build().toByteArray(), newest))
        .thenApply(place -> dead.size())
        .exceptionallyCompose(
            failure ->
                tries > 1
                    ? CompletableFuture.supplyAsync(
                            () -> null, CompletableFuture.delayedExecutor(RETRY.toMillis(), TimeUnit.MILLISECONDS))
                        .thenCompose(waited -> redrive(shard, dead, tries - 1))
                    : CompletableFuture.failedFuture(failure));
  }

  /** Writes what is done, gives the shards free, and is not there any more. */
  CompletableFuture<Void> leave() {
    return CompletableFuture.supplyAsync(
            () -> {
              leaving = true;
              return CompletableFuture.allOf(
                  List.copyOf(owned.keySet()).stream().map(this::release).toArray(CompletableFuture[]::new));
            },
            around.loop())
        .thenCompose(all -> all)
        .thenCompose(done -> log.dispatchers().withdraw(name));
  }

  /** Leaves; what cannot be written in time is done again by whoever takes the shards. */
  @Override
  public void close() {
    try {
      leave().get(LAST_WRITES.toMillis() * 2, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("{}: not everything was written; whoever takes the shards does it again", name, e);
    }
  }
}
