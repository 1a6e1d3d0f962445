package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.ShardLog.Tail;
import dev.parley.internal.v1.FillerRecord;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.OwnerRecord;
import dev.parley.v1.Term;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a new term on the log in such a way that nothing older can land behind its Owner record.
 *
 * <p>The log checks positions, not writers. What an earlier owner has under way expects positions up to W - 1 above the
 * tail that it knew. So first W fillers are appended in a row, each acknowledged at the position right behind the one
 * before it: now the tail lies above all of these. Only then the Owner record follows. One position that somebody else
 * took means that another owner is at work, and everything begins again at the tail; whoever claims the shard first
 * sends so many fillers ahead that the other one meets them, is refused, and sees the higher term.
 *
 * <p>Belongs to the shard's thread; tries until it is cancelled.
 */
final class Fence {
  private static final Logger LOG = LoggerFactory.getLogger(Fence.class);
  /** Fillers against an owner that goes on appending, in windows: they reach far beyond what it has in flight. */
  private static final int POKES = 4;

  /** The leader tells the tail in a millisecond; a request that waits longer has probably met one that is no leader. */
  private static final Duration ASK_AGAIN = Duration.ofMillis(100);

  private static final Duration RETRY = Duration.ofMillis(20);
  private static final Duration RETRY_LATER = Duration.ofSeconds(1);
  private static final int MOST_DOUBLINGS = 4;

  /** Silence that no change of leaders lasts: something is broken. */
  static final Duration SILENCE = Duration.ofSeconds(6);

  private static final Duration WARN_AGAIN = Duration.ofMinutes(1);

  private final ShardContext context;
  private final Listener listener;
  /** The term under which this router was the owner the last time. */
  private final Term held;
  private final LogEnd end;

  private boolean claiming;
  private boolean over;
  private Term term;
  /** Tells late answers to a question from those to the present one. */
  private int question;
  private int conflicts;
  private boolean full;
  /** By the monotonic clock: when it is worth a warning that the broker acknowledges nothing. */
  private long warnNanos;

  /** Who is told how it went. */
  interface Listener {
    /** What the log says of itself; told each time it is asked. */
    void measured(Tail tail);

    /** The Owner record is on the log. */
    void taken(Taken taken);

    /** Another router holds a higher term. {@code router}: its name; null: its Owner record is not there yet. */
    void outranked(Term by, @Nullable String router);
  }

  /**
   * The beginning of a term.
   *
   * @param recordId of the Owner record
   * @param position of the Owner record
   * @param before the tail behind which the fence was put
   * @param sentNanos when the Owner record was sent
   */
  record Taken(Term term, ByteString recordId, long position, Tail before, long sentNanos) {}

  /**
   * A fence that is put up by {@link #raise}.
   *
   * @param end what is known of the log; learns the time of its newest record
   * @param held the term under which this router was the owner the last time
   * @param tried the last term of this router, held or not: a new one is higher
   * @param claiming whatever terms there are, a higher one is chosen; otherwise the higher term of another router ends it
   */
  Fence(ShardContext context, LogEnd end, Term held, Term tried, boolean claiming, Listener listener) {
    this.context = context;
    this.end = end;
    this.held = held;
    this.term = tried;
    this.claiming = claiming;
    this.listener = listener;
    this.warnNanos = context.nanos().getAsLong() + SILENCE.toNanos();
  }

  void raise() {
    question++;
    askForTail(question);
  }

  /** From now on no other term is a reason to give in. */
  void claim() {
    claiming = true;
  }

  /** Tells nothing more. */
  void cancel() {
    over = true;
  }

  /** The log had no room for the last attempt. */
  boolean full() {
    return full;
  }

  /** The term that was tried last. */
  Term term() {
    return term;
  }

  private void askForTail(int asked) {
    if (over || question != asked) {
      return;
    }
    context
        .log()
        .tail()
        .whenComplete(Completion.seen(
            (tail, failure) -> {
              if (over || question != asked) {
                return;
              }
              if (failure == null) {
                question++;
                judge(tail);
              } else {
                LOG.debug("shard {}: the tail was not told, asking again", context.shard(), failure);
              }
            }));
    context.timer().after(ASK_AGAIN, () -> askForTail(asked));
  }

  private void again(Duration pause) {
    context
        .timer()
        .after(
            pause.plusMillis(context.random().nextInt((int) RETRY.toMillis())),
            () -> {
              if (!over) {
                raise();
              }
            });
  }

  private void judge(Tail tail) {
    listener.measured(tail);
    LogRecord owner = parse(tail.owner());
    LogRecord filler = parse(tail.filler());
    Term others = Terms.max(ofOthers(owner), ofOthers(filler));
    if (!claiming && Terms.compare(others, held) > 0) {
      over = true;
      listener.outranked(others, owner.getTerm().equals(others) ? owner.getOwner().getRouter() : null);
      return;
    }
    Term highest = Terms.max(term, Terms.max(owner.getTerm(), filler.getTerm()));
    term =
        Term.newBuilder()
            .setNumber(Math.max(highest.getNumber() + 1, context.clock().millis()))
            .setIncarnation(context.incarnation())
            .build();
    findNewest(tail, tail.position(), 1);
  }

  private static LogRecord parse(@Nullable StoredRecord stored) {
    return stored == null ? LogRecord.getDefaultInstance() : Tenure.parse(stored);
  }

  private Term ofOthers(LogRecord record) {
    boolean own = record.getTerm().getIncarnation() == context.incarnation();
    return own ? Term.getDefaultInstance() : record.getTerm();
  }

  /** Looks for the newest record that has a time, {@code count} positions at once from {@code to} down. */
  private void findNewest(Tail tail, long to, int count) {
    long lowest = Math.max(tail.first(), end.position() + 1);
    long from = Math.max(lowest, to - count + 1);
    if (from > to) {
      fill(tail);
      return;
    }
    context
        .log()
        .read(Resolution.positions(from, to + 1))
        .whenComplete(Completion.seen(
            (records, failure) -> {
              if (over) {
                return;
              }
              if (failure != null || records.contains(null)) {
                again(RETRY);
              } else if (times(records)) {
                fill(tail);
              } else {
                findNewest(tail, from - 1, ShardLog.MAX_READ);
              }
            }));
  }

  /** Notes the records' times; false: none has one. */
  private boolean times(List<@Nullable StoredRecord> records) {
    boolean found = false;
    for (StoredRecord stored : records) {
      found |= end.saw(parse(stored));
    }
    return found;
  }

  private void fill(Tail tail) {
    if (context.window() == 1) {
      appendOwner(tail, tail.position());
      return;
    }
    fillers(
        tail.position(),
        context.window(),
        failed -> {
          if (failed == null) {
            appendOwner(tail, tail.position() + context.window());
          } else {
            refused(tail, failed);
          }
        });
  }

  /** Sends fillers in a row; tells, when all have their answer, why the first that failed did so, or null. */
  private void fillers(long behind, int count, Consumer<@Nullable Kind> whenAnswered) {
    byte[] filler =
        LogRecord.newBuilder()
            .setRecordId(Tenure.recordId(context.random()))
            .setTerm(term)
            .setFiller(FillerRecord.getDefaultInstance())
            .build()
            .toByteArray();
    Answers answers = new Answers(count);
    for (int i = 0; i < count; i++) {
      int index = i;
      context
          .log()
          .append(ShardLog.FILLER_KEY, filler, behind + index)
          .whenComplete(Completion.seen(
              (position, failure) -> {
                answers.add(index, failed(position, behind + index + 1, failure));
                if (answers.open == 0 && !over) {
                  whenAnswered.accept(answers.firstFailure);
                }
              }));
    }
  }

  private static final class Answers {
    private int open;
    private int firstFailed = Integer.MAX_VALUE;
    private @Nullable Kind firstFailure;

    Answers(int open) {
      this.open = open;
    }

    void add(int index, @Nullable Kind failure) {
      open--;
      if (failure != null && index < firstFailed) {
        firstFailed = index;
        firstFailure = failure;
      }
    }
  }

  private static @Nullable Kind failed(@Nullable Long position, long wanted, @Nullable Throwable failure) {
    if (failure != null) {
      return Tenure.kindOf(failure);
    }
    return position != null && position == wanted ? null : Kind.UNKNOWN;
  }

  private void appendOwner(Tail tail, long behind) {
    ByteString id = Tenure.recordId(context.random());
    end.saw(context.clock().instant());
    byte[] record =
        LogRecord.newBuilder()
            .setRecordId(id)
            .setTerm(term)
            .setTime(Timestamps.of(end.newest()))
            .setOwner(OwnerRecord.newBuilder().setRouter(context.router()))
            .build()
            .toByteArray();
    long sent = context.nanos().getAsLong();
    context
        .log()
        .append(ShardLog.OWNER_KEY, record, behind)
        .whenComplete(Completion.seen(
            (position, failure) -> {
              if (over) {
                return;
              }
              Kind failed = failed(position, behind + 1, failure);
              if (failed == null) {
                over = true;
                listener.taken(new Taken(term, id, behind + 1, tail, sent));
              } else {
                refused(tail, failed);
              }
            }));
  }

  private void refused(Tail tail, Kind why) {
    LOG.debug("shard {}: no fence behind position {}: {}", context.shard(), tail.position(), why);
    full = why == Kind.FULL;
    switch (why) {
      case CONFLICT -> {
        if (claiming) {
          fillers(tail.position() + 1, POKES * context.window(), answered -> afterConflict());
        } else {
          afterConflict(); // whoever was faster has a higher term, or was late and is harmless
        }
      }
      case FULL -> {
        LOG.warn("shard {}: the log has no room for a new term; it must be given more", context.shard());
        again(RETRY_LATER);
      }
      case REFUSED -> {
        LOG.warn("shard {}: the broker does not take a new term", context.shard());
        again(RETRY_LATER);
      }
      case UNKNOWN -> {
        warnOfSilence();
        again(RETRY);
      }
      case NOT_SENT -> again(RETRY);
    }
  }

  /** The tail was told, so the broker is there and reads: that it writes nothing, nobody else says. */
  private void warnOfSilence() {
    long now = context.nanos().getAsLong();
    if (now - warnNanos >= 0) {
      LOG.warn(
          "shard {}: has no owner: the broker tells what the stream holds and acknowledges no append to it. Its log and"
              + " /healthz say why; when its disk was full, make room and then restart nats-server",
          context.shard());
      warnNanos = now + WARN_AGAIN.toNanos();
    }
  }

  /** Two routers that claim the shard at the same time must not keep each other from it for long. */
  private void afterConflict() {
    conflicts++;
    if (conflicts == 1) {
      raise();
    } else {
      again(RETRY.multipliedBy(context.random().nextInt(1 << Math.min(conflicts, MOST_DOUBLINGS))));
    }
  }
}
