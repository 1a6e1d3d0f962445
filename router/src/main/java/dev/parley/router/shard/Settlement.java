package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.ShardLog.Tail;
import dev.parley.internal.v1.LogRecord;
import dev.parley.router.shard.AppendChain.Attempt;
import dev.parley.v1.Term;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One settling of a shard: puts up a fence, then reads everything before it, so that of each record that was under way
 * it is known whether the log holds it. A record that expected position p is stored if and only if it lies at p + 1.
 *
 * <p>Belongs to the shard's thread.
 */
final class Settlement implements Fence.Listener, Resolution.Listener {
  private final ShardContext context;
  private final LogEnd end;
  private final Listener listener;
  private final Fence fence;
  /** What was under way, in order; shrinks as the log is read. */
  private final Queue<Attempt> unresolved;
  /** What turned out not to be on the log. */
  private final ArrayDeque<Attempt> lost = new ArrayDeque<>();
  private Fence.@Nullable Taken taken;
  private @Nullable Resolution resolution;

  /** Who is told what was found, and how it ended. */
  interface Listener {
    /** What the log says of itself. */
    void measured(Tail tail);

    /** The next record, which is one of those under way or somebody else's. */
    void found(LogRecord record, ByteString encoded, boolean mine);

    /** What is in memory may differ from the log. */
    void lostSight();

    /** It was under way and is not on the log. */
    void lost(Attempt attempt);

    /** All was told; the log's end is the Owner record of this term. */
    void settled(Term term, long sentNanos);

    /** Another router holds a higher term. {@code router}: its name; null: not known yet. */
    void outranked(Term by, @Nullable String router);
  }

  /**
   * A settling that is begun by {@link #begin}.
   *
   * @param end what is known of the log; moves on with what is found
   * @param unresolved what is under way
   */
  Settlement(
      ShardContext context,
      LogEnd end,
      Queue<Attempt> unresolved,
      Term held,
      Term tried,
      boolean claiming,
      Listener listener) {
    this.context = context;
    this.end = end;
    this.unresolved = unresolved;
    this.listener = listener;
    this.fence = new Fence(context, end, held, tried, claiming, this);
  }

  void begin() {
    fence.raise();
  }

  /** From now on no other term is a reason to give in. */
  void claim() {
    fence.claim();
  }

  /** Tells nothing more. */
  void cancel() {
    fence.cancel();
    if (resolution != null) {
      resolution.cancel();
    }
  }

  /** The log has no room for the new term. */
  boolean full() {
    return fence.full();
  }

  /** The term that was tried last. */
  Term term() {
    return fence.term();
  }

  @Override
  public void measured(Tail tail) {
    listener.measured(tail);
  }

  @Override
  public void outranked(Term by, @Nullable String router) {
    listener.outranked(by, router);
  }

  @Override
  public void taken(Fence.Taken claimed) {
    taken = claimed;
    if (end.unknown()) {
      resolved();
      return;
    }
    resolution = new Resolution(context, end, claimed.before(), this);
    resolution.begin();
  }

  @Override
  public void found(StoredRecord stored) {
    LogRecord record = Tenure.parse(stored);
    end.moved(stored.position(), record.getRecordId());
    listener.found(
        record,
        UnsafeByteOperations.unsafeWrap(stored.bytes()),
        resolves(stored.position(), record.getRecordId()));
  }

  /** Whether the record at this position is the one under way that expected it; what expected an earlier one is lost. */
  private boolean resolves(long position, ByteString id) {
    Attempt attempt;
    while ((attempt = unresolved.peek()) != null && attempt.position() <= position) {
      unresolved.remove();
      if (attempt.position() == position && attempt.record.getRecordId().equals(id)) {
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
    lost.forEach(listener::lost);
    Attempt attempt;
    while ((attempt = unresolved.poll()) != null) {
      listener.lost(attempt);
    }
    Fence.Taken done = Objects.requireNonNull(taken);
    end.moved(done.position(), done.recordId());
    listener.settled(done.term(), done.sentNanos());
  }
}
