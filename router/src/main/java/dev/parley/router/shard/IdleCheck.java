package dev.parley.router.shard;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * When this router last had a proof that it owns the shard, and who waits for the next one. A proof is an append that
 * was acknowledged: when it was sent, nobody else had taken the shard. A read proves nothing, since a broker that is cut
 * off from the others answers it for a while.
 *
 * <p>Belongs to the shard's thread.
 */
final class IdleCheck {
  private final ShardContext context;
  private boolean proven;
  private long provenNanos;
  private List<Waiting> waiting = new ArrayList<>();
  private boolean probing;

  /** One who asked; {@code old}: a proof from before the question is good enough if it is not too old. */
  private record Waiting(Consumer<Boolean> asker, long askedNanos, boolean old) {}

  IdleCheck(ShardContext context) {
    this.context = context;
  }

  /** The last proof is not too old. */
  boolean sure() {
    return proven && context.nanos().getAsLong() - provenNanos < context.limits().idleCheck().toNanos();
  }

  /** Waits for the next proof; {@code old}: for one that is not too old, otherwise for one that is sent from now on. */
  void await(Consumer<Boolean> asker, boolean old) {
    waiting.add(new Waiting(asker, context.nanos().getAsLong(), old));
  }

  /** A filler is to be sent as a proof. */
  boolean wanted() {
    return !probing && !waiting.isEmpty();
  }

  /** A filler is sent as a proof. */
  void probed() {
    probing = true;
  }

  /** An append was acknowledged. */
  void proven(long sentNanos, boolean probe) {
    proven = true;
    provenNanos = sentNanos;
    probing &= !probe;
    if (!waiting.isEmpty()) {
      boolean sure = sure();
      release(one -> sentNanos - one.askedNanos >= 0 || (one.old && sure), true);
    }
  }

  /** What was sent may be lost, the filler too. */
  void unsettled() {
    probing = false;
  }

  /** The shard is not this router's any more. */
  void lost() {
    proven = false;
    probing = false;
    release(one -> true, false);
  }

  private void release(Predicate<Waiting> which, boolean sure) {
    List<Waiting> all = waiting;
    waiting = new ArrayList<>();
    List<Waiting> released = new ArrayList<>();
    all.forEach(one -> (which.test(one) ? released : waiting).add(one));
    released.forEach(one -> one.asker.accept(sure));
  }
}
