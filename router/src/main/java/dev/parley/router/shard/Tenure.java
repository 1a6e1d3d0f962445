package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.parley.conversation.Records;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.ShardLog.Tail;
import dev.parley.internal.v1.FillerRecord;
import dev.parley.internal.v1.LogRecord;
import dev.parley.router.shard.AppendChain.Attempt;
import dev.parley.v1.Term;
import java.time.Duration;
import java.time.Instant;
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
final class Tenure implements AppendChain.Listener, Settlement.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Tenure.class);

  private static final Duration RETRY = Duration.ofMillis(200);

  /** What {@link #giveAway} tells when there is nothing to be given. */
  static final long NOTHING = -1;

  private final ShardContext context;
  private final Listener listener;
  private final IdleCheck idleCheck;
  private final Room room;

  private Phase phase = Phase.NEW;
  private Term term = Term.getDefaultInstance();
  /** The last term that was tried, held or not. */
  private Term tried = Term.getDefaultInstance();
  private final LogEnd end = new LogEnd();
  private AppendChain chain;
  private @Nullable Settlement settlement;
  private long settlingSinceNanos;
  private @Nullable LongConsumer heir;

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
    void committed(LogRecord record, long position, ByteString encoded, boolean mine);

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
    this.room = new Room(context);
    this.chain = new AppendChain(context, 0, this);
    chain.end();
  }

  /** The present term: valid while {@link #active}. */
  Term term() {
    return term;
  }

  /** The last position that this owner knows. */
  long last() {
    return end.position();
  }

  /** Which record lies there. */
  ByteString lastRecordId() {
    return end.recordId();
  }

  /** Up to this record the log is known already; before the first {@link #takeOver}. */
  void begin(long position, ByteString recordId) {
    end.moved(position, recordId);
  }

  /** The shard is settled: what is in memory is what is on the log, but for what is under way. */
  boolean active() {
    return phase == Phase.ACTIVE;
  }

  /** For so long that something must be broken, the log has not taken what an owner writes first. */
  boolean stuck() {
    return phase == Phase.SETTLING && context.nanos().getAsLong() - settlingSinceNanos >= Fence.SILENCE.toNanos();
  }

  /** {@link #stuck}, and what is missing is room: in the stream, or in the broker. */
  boolean stuckForRoom() {
    return stuck() && settlement != null && settlement.full();
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

  /** With so many bytes more, and what is under way, only what an owner needs, or what makes room, may be appended. */
  boolean scarceWith(long more) {
    return room.scarceWith(chain.room() + more);
  }

  /** The time for the next record: never before that of any record that is on the log. */
  Instant now() {
    end.saw(context.clock().instant());
    return end.newest();
  }

  void close() {
    phase = Phase.CLOSED;
    context.metrics().owned(context.shard(), false);
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
    end.moved(attempt.position(), attempt.record.getRecordId());
    room.took(attempt.room());
    idleCheck.proven(attempt.sentNanos, attempt.filler());
    if (!attempt.filler()) {
      context.metrics().stored(attempt.sentNanos, attempt.record.getEventsCount());
      listener.committed(attempt.record, attempt.position(), attempt.encoded, true);
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
    } else if (settlement != null) {
      settlement.claim();
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
    settlingSinceNanos = context.nanos().getAsLong();
    context.metrics().settling(context.shard(), claiming);
    chain.end();
    idleCheck.unsettled();
    settlement = new Settlement(context, end, chain.unresolved(), term, tried, claiming, this);
    settlement.begin();
  }

  private void cancelSettling() {
    if (settlement != null) {
      tried = settlement.term();
      settlement.cancel();
      settlement = null;
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
  public void found(LogRecord record, ByteString encoded, boolean mine) {
    if (!record.hasOwner() && !record.hasFiller()) {
      listener.committed(record, end.position(), encoded, mine);
    }
  }

  @Override
  public void lost(Attempt attempt) {
    if (!attempt.filler()) {
      listener.notStored(attempt.record, Kind.CONFLICT);
    }
  }

  @Override
  public void lostSight() {
    listener.lostSight();
  }

  @Override
  public void settled(Term held, long sentNanos) {
    settlement = null;
    term = held;
    tried = held;
    chain = new AppendChain(context, last(), this);
    phase = Phase.ACTIVE;
    context.metrics().owned(context.shard(), true);
    LOG.info("shard {}: owned by {} from position {} on, term {}", context.shard(), context.router(), last(), term.getNumber());
    idleCheck.proven(sentNanos, false);
    listener.settled(last());
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
      LOG.info("shard {}: given away at position {}", context.shard(), last());
      standDown();
      idleCheck.lost();
      tellHeir(last());
    }
  }

  private void standDown() {
    phase = Phase.STOOD_DOWN;
    context.metrics().owned(context.shard(), false);
    cancelSettling();
    chain.end();
  }

  private void tellHeir(long position) {
    LongConsumer waiting = heir;
    heir = null;
    if (waiting != null) {
      waiting.accept(position);
    }
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
      return Records.parse(UnsafeByteOperations.unsafeWrap(stored.bytes()));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the record at position " + stored.position() + " is not readable", e);
    }
  }

  /** What a failed future of the log says; anything that is not a {@link LogException} decides nothing. */
  static Kind kindOf(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    return cause instanceof LogException log ? log.kind() : Kind.UNKNOWN;
  }
}
