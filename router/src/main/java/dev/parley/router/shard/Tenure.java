package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.ShardLog.Tail;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.OwnerRecord;
import dev.parley.v1.Term;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A router's time as the one writer of a shard: takes the log over, appends one record at a time, and when an outcome
 * is not known settles what happened before anything else is appended.
 *
 * <pre>
 *   NEW --settle--> SETTLING --Owner record acknowledged, everything before it read--> ACTIVE --close--> CLOSED
 *                       ^                                                                |
 *                       +---- conflict, time-out, lost connection, unexpected position --+
 * </pre>
 *
 * <p>With one record in flight an Owner record alone fences: an append that an earlier owner left behind expects a
 * position that the Owner record has taken.
 *
 * <p>Not thread-safe, and does no I/O of its own: the log that it is given completes its futures on the shard's thread.
 */
final class Tenure {
  private static final Logger LOG = LoggerFactory.getLogger(Tenure.class);
  private static final Duration RETRY = Duration.ofMillis(50);

  private final int shard;
  private final String router;
  private final ShardLog log;
  private final InstantSource clock;
  private final Timer timer;
  private final RandomGenerator random;
  private final Listener listener;

  private Phase phase = Phase.NEW;
  private Term term = Term.getDefaultInstance();
  /** The last position of the log as this owner knows it. */
  private long last;
  /** Everything up to here has been told to the listener; negative: nothing yet, and nothing before needs to be. */
  private long told = -1;

  private @Nullable InFlight inFlight;

  private record InFlight(LogRecord record, long expected) {}

  private enum Phase {
    NEW,
    SETTLING,
    ACTIVE,
    CLOSED
  }

  /** Who is told what became of the log. */
  interface Listener {
    /** The shard is this router's from this position on; appends may go on. */
    void settled(long ownerPosition);

    /** A record is on the log: the one in flight ({@code mine}), or one that was found while settling. */
    void committed(LogRecord record, long position, int size, boolean mine);

    /** The record in flight is certainly not on the log. CONFLICT: try again after {@link #settled}. */
    void notStored(LogException.Kind why);
  }

  Tenure(
      int shard,
      String router,
      ShardLog log,
      InstantSource clock,
      Timer timer,
      RandomGenerator random,
      Listener listener) {
    this.shard = shard;
    this.router = router;
    this.log = log;
    this.clock = clock;
    this.timer = timer;
    this.random = random;
    this.listener = listener;
  }

  /** The present term: valid while {@link #ready}. */
  Term term() {
    return term;
  }

  /** The last position that this owner knows. */
  long last() {
    return last;
  }

  /** The shard is settled: what is in memory is what is on the log. */
  boolean active() {
    return phase == Phase.ACTIVE;
  }

  /** A record may be appended now. */
  boolean ready() {
    return phase == Phase.ACTIVE && inFlight == null;
  }

  boolean appending() {
    return inFlight != null;
  }

  void close() {
    phase = Phase.CLOSED;
  }

  /** Appends a record of this term; only while {@link #ready}. */
  void append(LogRecord record) {
    InFlight attempt = new InFlight(record, last);
    inFlight = attempt;
    byte[] bytes = record.toByteArray();
    log.append(record.getConversationId(), bytes, last)
        .whenComplete(Completion.seen((position, failure) -> appended(attempt, bytes.length, position, failure)));
  }

  private void appended(InFlight attempt, int size, @Nullable Long position, @Nullable Throwable failure) {
    if (inFlight != attempt) {
      return; // settled meanwhile: the log itself has told the outcome
    }
    if (failure == null && position != null && position == attempt.expected + 1) {
      last = position;
      told = position;
      inFlight = null;
      listener.committed(attempt.record, position, size, true);
      return;
    }
    LogException.Kind kind = failure == null ? LogException.Kind.UNKNOWN : kindOf(failure);
    if (kind == LogException.Kind.FULL || kind == LogException.Kind.NOT_SENT || kind == LogException.Kind.REFUSED) {
      inFlight = null;
      listener.notStored(kind);
      return;
    }
    LOG.info("shard {}: append behind position {} ended as {}; settling", shard, attempt.expected, kind);
    settle();
  }

  /** Takes the shard: after {@link Listener#settled} everything older is known and nothing older can come any more. */
  void settle() {
    if (phase == Phase.CLOSED || phase == Phase.SETTLING) {
      return;
    }
    phase = Phase.SETTLING;
    readTail();
  }

  private void readTail() {
    if (phase == Phase.CLOSED) {
      return;
    }
    log.tail()
        .whenComplete(Completion.seen(
            (tail, failure) -> {
              if (failure != null) {
                retry("reading the tail", failure);
              } else {
                appendOwner(tail);
              }
            }));
  }

  private void appendOwner(Tail tail) {
    if (phase == Phase.CLOSED) {
      return;
    }
    long highest = Math.max(term.getNumber(), numberOf(tail.owner()));
    Term next =
        Term.newBuilder()
            .setNumber(Math.max(highest + 1, clock.millis()))
            .setIncarnation(random.nextLong())
            .build();
    byte[] record =
        LogRecord.newBuilder()
            .setRecordId(recordId())
            .setTerm(next)
            .setTime(Timestamps.of(clock.instant()))
            .setOwner(OwnerRecord.newBuilder().setRouter(router))
            .build()
            .toByteArray();
    log.append(ShardLog.OWNER_KEY, record, tail.position())
        .whenComplete(Completion.seen(
            (position, failure) -> {
              if (failure != null) {
                retry("appending the Owner record", failure);
              } else if (position != tail.position() + 1) {
                retry("appending the Owner record", new IllegalStateException("landed at " + position));
              } else {
                term = next;
                last = position;
                resolve(told < 0 ? position : told + 1, position);
              }
            }));
  }

  /** Reads and tells what lies between what was known and the Owner record. */
  private void resolve(long from, long owner) {
    if (phase == Phase.CLOSED) {
      return;
    }
    if (from >= owner) {
      finish(owner);
      return;
    }
    long to = Math.min(owner, from + ShardLog.MAX_READ);
    long[] positions = new long[(int) (to - from)];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = from + i;
    }
    log.read(positions)
        .whenComplete(Completion.seen(
            (records, failure) -> {
              if (failure != null || records.contains(null)) {
                // A missing record below an acknowledged one means a stale reader, never "not stored".
                timer.after(RETRY, () -> resolve(from, owner));
              } else {
                tell(records);
                resolve(to, owner);
              }
            }));
  }

  private void tell(List<@Nullable StoredRecord> records) {
    for (StoredRecord stored : records) {
      LogRecord record = parse(java.util.Objects.requireNonNull(stored));
      told = stored.position();
      if (record.hasOwner()) {
        continue;
      }
      InFlight attempt = inFlight;
      boolean mine =
          attempt != null
              && stored.position() == attempt.expected + 1
              && record.getRecordId().equals(attempt.record.getRecordId());
      if (mine) {
        inFlight = null;
      }
      listener.committed(record, stored.position(), stored.bytes().length, mine);
    }
  }

  private void finish(long owner) {
    told = owner;
    phase = Phase.ACTIVE;
    boolean lost = inFlight != null;
    inFlight = null;
    LOG.info("shard {}: owned by {} from position {} on, term {}", shard, router, owner, term.getNumber());
    if (lost) {
      listener.notStored(LogException.Kind.CONFLICT);
    }
    listener.settled(owner);
  }

  private void retry(String what, Throwable failure) {
    if (phase == Phase.CLOSED) {
      return;
    }
    LOG.debug("shard {}: {} failed, trying again", shard, what, failure);
    timer.after(RETRY.plusMillis(random.nextInt(50)), this::readTail);
  }

  /** A new record's id: 16 random bytes. */
  ByteString recordId() {
    byte[] id = new byte[16];
    random.nextBytes(id);
    return ByteString.copyFrom(id);
  }

  private static long numberOf(@Nullable StoredRecord owner) {
    return owner == null ? 0 : parse(owner).getTerm().getNumber();
  }

  static LogRecord parse(StoredRecord stored) {
    try {
      return LogRecord.parseFrom(stored.bytes());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the record at position " + stored.position() + " is not readable", e);
    }
  }

  /** What a failed future of the log says; anything that is not a {@link LogException} decides nothing. */
  static LogException.Kind kindOf(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    return cause instanceof LogException log ? log.kind() : LogException.Kind.UNKNOWN;
  }
}
