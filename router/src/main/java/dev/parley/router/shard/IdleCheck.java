package dev.parley.router.shard;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

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
  private List<Consumer<Boolean>> waiting = new ArrayList<>();
  /** Those who waited when a filler was sent as a proof: that one serves them, however long it takes. */
  private int served;

  private boolean probing;

  IdleCheck(ShardContext context) {
    this.context = context;
  }

  /** The last proof is not older than the limit. */
  boolean sure() {
    return proven && context.nanos().getAsLong() - provenNanos < context.limits().idleCheck().toNanos();
  }

  void await(Consumer<Boolean> asker) {
    waiting.add(asker);
  }

  /** A filler is to be sent as a proof. */
  boolean wanted() {
    return !probing && !waiting.isEmpty();
  }

  /** A filler is sent as a proof, for all who wait now. */
  void probed() {
    probing = true;
    served = waiting.size();
  }

  /** An append was acknowledged. */
  void proven(long sentNanos, boolean probe) {
    proven = true;
    provenNanos = sentNanos;
    int enough = 0;
    if (probe && probing) {
      probing = false;
      enough = served;
    }
    if (!waiting.isEmpty()) {
      release(sure() ? waiting.size() : enough, true);
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
    release(waiting.size(), false);
  }

  private void release(int count, boolean sure) {
    List<Consumer<Boolean>> released = waiting.subList(0, count);
    waiting = new ArrayList<>(waiting.subList(count, waiting.size()));
    served = Math.max(0, served - count);
    released.forEach(asker -> asker.accept(sure));
  }
}
