package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import dev.parley.internal.v1.LogRecord;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The records of one settled time that are under way, each sent behind the position that the one before it will take.
 * They are told in the order of their positions. The chain ends with the first whose answer is not the expected one:
 * what those behind it mean, only the log can tell.
 *
 * <p>Belongs to the shard's thread.
 */
final class AppendChain {
  private final ShardContext context;
  private final Listener listener;
  private final ArrayDeque<Attempt> inFlight = new ArrayDeque<>();
  /** The position that the newest record under way will take. */
  private long last;
  /** What the records under way will take of the log's room. */
  private long room;

  private boolean over;
  private boolean telling;

  /** A record that was sent. */
  static final class Attempt {
    final LogRecord record;
    final ByteString encoded;
    final long expected;
    final long sentNanos;
    private boolean acknowledged;

    Attempt(LogRecord record, ByteString encoded, long expected, long sentNanos) {
      this.record = record;
      this.encoded = encoded;
      this.expected = expected;
      this.sentNanos = sentNanos;
    }

    /** Where it lies, if it lies anywhere. */
    long position() {
      return expected + 1;
    }

    /** What it takes of the log's room, at most. */
    long room() {
      return Room.of(encoded.size(), filler() ? ShardLog.FILLER_KEY.length() : record.getConversationId().length());
    }

    /** It only takes a position. */
    boolean filler() {
      return record.hasFiller();
    }
  }

  /** Who is told what became of the records. */
  interface Listener {
    /** It is on the log, and so is everything that was sent before it. */
    void stored(Attempt attempt);

    /** It is certainly not on the log: FULL, NOT_SENT or REFUSED. */
    void refused(Attempt attempt, Kind why);

    /** The chain has ended here; what it leaves behind is {@link #unresolved}. */
    void broken(Attempt attempt, Kind why);
  }

  /** A chain that goes on behind the position {@code last}. */
  AppendChain(ShardContext context, long last, Listener listener) {
    this.context = context;
    this.last = last;
    this.listener = listener;
  }

  /** Another record may be sent. */
  boolean open() {
    return !over && inFlight.size() < context.window();
  }

  boolean isEmpty() {
    return inFlight.isEmpty();
  }

  /** What the records under way will take of the log's room, at most. */
  long room() {
    return room;
  }

  /** Sends a record; only while {@link #open}. */
  void append(LogRecord record) {
    byte[] bytes = record.toByteArray();
    Attempt attempt = new Attempt(record, UnsafeByteOperations.unsafeWrap(bytes), last, context.nanos().getAsLong());
    last++;
    inFlight.addLast(attempt);
    room += attempt.room();
    String key = attempt.filler() ? ShardLog.FILLER_KEY : record.getConversationId();
    context
        .log()
        .append(key, bytes, attempt.expected)
        .whenComplete(Completion.seen((position, failure) -> answered(attempt, position, failure)));
  }

  private void answered(Attempt attempt, @Nullable Long position, @Nullable Throwable failure) {
    if (over) {
      return; // the log itself tells the outcome
    }
    if (failure != null || position == null || position != attempt.position()) {
      failed(attempt, failure == null ? Kind.UNKNOWN : Tenure.kindOf(failure));
      return;
    }
    attempt.acknowledged = true;
    context.metrics().acknowledged(attempt.sentNanos);
    if (!telling) {
      telling = true;
      try {
        tellStored();
      } finally {
        telling = false;
      }
    }
  }

  private void tellStored() {
    Attempt first;
    while (!over && (first = inFlight.peekFirst()) != null && first.acknowledged) {
      inFlight.removeFirst();
      room -= first.room();
      listener.stored(first);
    }
  }

  private void failed(Attempt attempt, Kind why) {
    boolean certain = why == Kind.FULL || why == Kind.NOT_SENT || why == Kind.REFUSED;
    boolean alone = inFlight.size() == 1;
    if (certain) {
      inFlight.remove(attempt);
      room -= attempt.room();
    }
    if (certain && alone) {
      last--; // nothing is behind it that expects its position
      listener.refused(attempt, why);
      return;
    }
    over = true;
    if (certain) {
      listener.refused(attempt, why);
    }
    listener.broken(attempt, why);
  }

  /** Ends it: later answers are not heard any more. */
  void end() {
    over = true;
  }

  /** What was sent and not told, in order; only when the chain is over. To be emptied by whoever learns the outcomes. */
  Queue<Attempt> unresolved() {
    return inFlight;
  }
}
