package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.ShardLog.Tail;
import dev.parley.internal.v1.FillerRecord;
import dev.parley.internal.v1.LogRecord;
import dev.parley.router.shard.AppendChain.Attempt;
import dev.parley.v1.Term;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A router's time as the one writer of a shard: takes the log over, appends up to W records at a time, and when an
 * outcome is not known settles what happened before anything else is appended.
 *
 * <pre>
 *          takeOver            Owner record acknowledged, all before it read
 *   NEW ------------> SETTLING ---------------------------------------------> ACTIVE
 *                     |  ^  ^                                                 |   |
 *                     |  |  +- conflict, time-out, reconnect, other position -+   |
 *       higher term   |  |                                                        |
 *     of another one  v  | takeOver                                               |
 *                STOOD_DOWN <------------------- giveAway ------------------------+     close: CLOSED, from all of them
 * </pre>
 *
 * <p>Not thread-safe, and does no I/O of its own: the log that it is given completes its futures on the shard's thread.
 */
final class Tenure implements AppendChain.Listener, Fence.Listener, Resolution.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Tenure.class);

  private static final Duration RETRY = Duration.ofMillis(200);

  /** What {@link #giveAway} tells when there is nothing to be given. */
  static final long NOTHING = -1;

  private final ShardContext context;
  private final Listener listener;
  private final IdleCheck idleCheck;
  private final Room room = new Room();

  private Phase phase = Phase.NEW;
  private Term term = Term.getDefaultInstance();
  /** The last term that was tried, held or not. */
  private Term tried = Term.getDefaultInstance();
  /** Everything up to here has been told to the listener; negative: nothing yet, and nothing before needs to be. */
  private long told = -1;
  /** Which record lies at {@code told}. */
  private ByteString toldId = ByteString.EMPTY;
  /** No record so far was decided later. */
  private Instant newest = Instant.EPOCH;

  private AppendChain chain;
  /** Records under way that turned out not to be on the log. */
  private final ArrayDeque<Attempt> lost = new ArrayDeque<>();
  private @Nullable Fence fence;
  private Fence.@Nullable Taken taken;
  private @Nullable Resolution resolution;
  private @Nullable LongConsumer heir;
  private boolean measuring;

  private enum Phase {
    NEW,
    SETTLING,
    ACTIVE,
    STOOD_DOWN,
    CLOSED
  }

  /** Who is told what became of the log. */
  interface Listener {
    /** The shard is this router's from this position on; appends may go on. */
    void settled(long ownerPosition);

    /** A record is on the log: one that was under way ({@code mine}), or one that was found while settling. */
    void committed(LogRecord record, long position, int size, boolean mine);

    /** A record that was under way is certainly not on the log. CONFLICT: try again after {@link #settled}. */
    void notStored(LogRecord record, Kind why);

    /** A record that was under way may be on the log or not: this router will not learn it. */
    void abandoned(LogRecord record);

    /** The log is not what this router remembers of it, or was trimmed further: memory of it must be loaded again. */
    void lostSight();

    /**
     * Another router has taken the shard; nothing more is told until {@link #takeOver}.
     *
     * @param router its name; null: not known yet
     */
    void deposed(Term by, @Nullable String router);
  }

  Tenure(ShardContext context, Listener listener) {
    this.context = context;
    this.listener = listener;
    this.idleCheck = new IdleCheck(context);
    this.chain = new AppendChain(context, 0, this);
    chain.end();
  }

  /** The present term: valid while {@link #active}. */
  Term term() {
    return term;
  }

  /** The last position that this owner knows. */
  long last() {
    return told;
  }

  /** The shard is settled: what is in memory is what is on the log, but for what is under way. */
  boolean active() {
    return phase == Phase.ACTIVE;
  }

  /** A record may be appended now. */
  boolean ready() {
    return phase == Phase.ACTIVE && heir == null && chain.open();
  }

  /** Something is under way whose outcome is not known. */
  boolean appending() {
    return !chain.isEmpty();
  }

  /** This router neither owns the shard nor is about to. */
  boolean disowned() {
    return phase != Phase.SETTLING && phase != Phase.ACTIVE;
  }

  /** How full the log is. */
  Room room() {
    return room;
  }

  /** The time for the next record: never before that of any record that is on the log. */
  Instant now() {
    newest = later(newest, context.clock().instant());
    return newest;
  }

  void close() {
    phase = Phase.CLOSED;
    cancelSettling();
    chain.end();
    idleCheck.lost();
    tellHeir(NOTHING);
  }

  // ------------------------------------------------------------------ appending

  /** Appends a record of this term; only while {@link #ready}. */
  void append(LogRecord record) {
    chain.append(record);
  }

  @Override
  public void stored(Attempt attempt) {
    told = attempt.position();
    toldId = attempt.record.getRecordId();
    room.took(attempt.size, attempt.record.getConversationId().length());
    idleCheck.proven(attempt.sentNanos, attempt.filler());
    if (!attempt.filler()) {
      listener.committed(attempt.record, told, attempt.size, true);
    }
    probe();
    giveAwayWhenQuiet();
  }

  @Override
  public void refused(Attempt attempt, Kind why) {
    if (why == Kind.FULL) {
      room.exhausted();
    }
    if (attempt.filler()) {
      context.timer().after(RETRY, this::probeAgain);
    } else {
      listener.notStored(attempt.record, why);
    }
    giveAwayWhenQuiet();
  }

  private void probeAgain() {
    idleCheck.unsettled();
    probe();
  }

  @Override
  public void broken(Attempt attempt, Kind why) {
    LOG.info("shard {}: append behind position {} ended as {}; settling", context.shard(), attempt.expected, why);
    settle();
  }

  // ------------------------------------------------------------------ being sure

  /**
   * Calls back, at once or soon, when this router has owned the shard within the last moments (true), or when it does
   * not own it (false).
   */
  void whenSure(Consumer<Boolean> asker) {
    if (phase == Phase.ACTIVE && idleCheck.sure()) {
      asker.accept(true);
    } else {
      await(asker, true);
    }
  }

  /** Calls back when this router has owned the shard after this call (true), or when it does not own it (false). */
  void whenProven(Consumer<Boolean> asker) {
    await(asker, false);
  }

  private void await(Consumer<Boolean> asker, boolean old) {
    if (disowned()) {
      asker.accept(false);
    } else {
      idleCheck.await(asker, old);
      probe();
    }
  }

  /** Sends a filler when somebody waits for a proof. */
  private void probe() {
    if (idleCheck.wanted() && ready()) {
      idleCheck.probed();
      chain.append(
          LogRecord.newBuilder()
              .setRecordId(recordId())
              .setTerm(term)
              .setTime(Timestamps.of(now()))
              .setFiller(FillerRecord.getDefaultInstance())
              .build());
    }
  }

  // ------------------------------------------------------------------ settling

  /** Takes the shard, whatever other terms there are. */
  void takeOver() {
    if (phase == Phase.NEW || phase == Phase.STOOD_DOWN) {
      settle(true);
    } else if (fence != null) {
      fence.claim();
    }
  }

  /**
   * Makes sure of the shard again, with a new term, unless another router has taken it: after {@link Listener#settled}
   * everything older is known, and nothing older can come any more. For an owner whose connection was lost.
   */
  void settle() {
    if (phase == Phase.ACTIVE) {
      settle(false);
    }
  }

  private void settle(boolean claiming) {
    phase = Phase.SETTLING;
    chain.end();
    idleCheck.unsettled();
    fence = new Fence(context, term, tried, claiming, told, newest, this);
    fence.raise();
  }

  private void cancelSettling() {
    if (fence != null) {
      tried = fence.term();
      fence.cancel();
      fence = null;
    }
    if (resolution != null) {
      resolution.cancel();
      resolution = null;
    }
  }

  @Override
  public void measured(Tail tail) {
    room.measured(tail);
  }

  @Override
  public void outranked(Term by, @Nullable String router) {
    LOG.info(
        "shard {}: {} has taken it with term {}",
        context.shard(),
        router == null ? "another router" : router,
        by.getNumber());
    standDown();
    chain.unresolved().forEach(attempt -> {
      if (!attempt.filler()) {
        listener.abandoned(attempt.record);
      }
    });
    chain.unresolved().clear();
    idleCheck.lost();
    listener.deposed(by, router);
    tellHeir(NOTHING);
  }

  @Override
  public void taken(Fence.Taken claimed) {
    tried = claimed.term();
    fence = null;
    taken = claimed;
    newest = later(newest, claimed.newest());
    if (told < 0) {
      resolved();
      return;
    }
    Tail before = claimed.before();
    resolution = new Resolution(context, told, toldId, before.first(), before.position(), this);
    resolution.begin();
  }

  @Override
  public void found(StoredRecord stored) {
    LogRecord record = parse(stored);
    told = stored.position();
    toldId = record.getRecordId();
    newest = later(newest, Timestamps.toInstant(record.getTime()));
    boolean mine = resolves(stored.position(), record);
    if (!record.hasOwner() && !record.hasFiller()) {
      listener.committed(record, told, stored.bytes().length, mine);
    }
  }

  /** Whether the record at this position is the one under way that expected it; what expected an earlier one is lost. */
  private boolean resolves(long position, LogRecord record) {
    Queue<Attempt> unresolved = chain.unresolved();
    Attempt attempt;
    while ((attempt = unresolved.peek()) != null && attempt.position() <= position) {
      unresolved.remove();
      if (attempt.position() == position && attempt.record.getRecordId().equals(record.getRecordId())) {
        return true;
      }
      lost.add(attempt);
    }
    return false;
  }

  @Override
  public void lostSight() {
    listener.lostSight();
  }

  @Override
  public void resolved() {
    resolution = null;
    Fence.Taken settled = Objects.requireNonNull(taken);
    taken = null;
    lost.addAll(chain.unresolved());
    chain.unresolved().clear();
    Attempt attempt;
    while ((attempt = lost.poll()) != null) {
      if (!attempt.filler()) {
        listener.notStored(attempt.record, Kind.CONFLICT);
      }
    }
    term = settled.term();
    told = settled.position();
    toldId = settled.recordId();
    chain = new AppendChain(context, told, this);
    phase = Phase.ACTIVE;
    LOG.info("shard {}: owned by {} from position {} on, term {}", context.shard(), context.router(), told, term.getNumber());
    idleCheck.proven(settled.sentNanos(), false);
    listener.settled(told);
    probe();
    giveAwayWhenQuiet();
  }

  // ------------------------------------------------------------------ giving away

  /**
   * Lets what is under way end and gives the shard up, after which it is as if another router had taken it.
   *
   * @param done is told the last position, or {@link #NOTHING} when this router does not own the shard
   */
  void giveAway(LongConsumer done) {
    if (disowned()) {
      done.accept(NOTHING);
    } else {
      heir = heir == null ? done : heir.andThen(done);
      giveAwayWhenQuiet();
    }
  }

  private void giveAwayWhenQuiet() {
    if (heir != null && phase == Phase.ACTIVE && chain.isEmpty()) {
      LOG.info("shard {}: given away at position {}", context.shard(), told);
      standDown();
      idleCheck.lost();
      tellHeir(told);
    }
  }

  private void standDown() {
    phase = Phase.STOOD_DOWN;
    cancelSettling();
    chain.end();
  }

  private void tellHeir(long position) {
    LongConsumer told = heir;
    heir = null;
    if (told != null) {
      told.accept(position);
    }
  }

  // ------------------------------------------------------------------ room

  /** Asks how full the log is, if it seems to be rather full. Called now and then. */
  void measure() {
    if (measuring || phase != Phase.ACTIVE || !room.toBeMeasured()) {
      return;
    }
    measuring = true;
    context
        .log()
        .tail()
        .whenComplete(Completion.seen(
            (tail, failure) -> {
              measuring = false;
              if (failure == null) {
                room.measured(tail);
              }
            }));
  }

  // ------------------------------------------------------------------ records

  /** A new record's id. */
  ByteString recordId() {
    return recordId(context.random());
  }

  /** A new record's id: 16 random bytes. */
  static ByteString recordId(RandomGenerator random) {
    byte[] id = new byte[16];
    random.nextBytes(id);
    return ByteString.copyFrom(id);
  }

  static LogRecord parse(StoredRecord stored) {
    try {
      return LogRecord.parseFrom(stored.bytes());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the record at position " + stored.position() + " is not readable", e);
    }
  }

  static Instant later(Instant one, Instant other) {
    return one.isBefore(other) ? other : one;
  }

  /** What a failed future of the log says; anything that is not a {@link LogException} decides nothing. */
  static Kind kindOf(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    return cause instanceof LogException log ? log.kind() : Kind.UNKNOWN;
  }
}
