package dev.parley.bench;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A conversation of a run. Thread-safe. */
final class Talk {
  private final String id;
  private final List<BenchClient> members;
  private final List<BenchClient> senders;
  private final AtomicLong newestAcked = new AtomicLong();

  Talk(String id, List<BenchClient> members, List<BenchClient> senders) {
    this.id = id;
    this.members = List.copyOf(members);
    this.senders = List.copyOf(senders);
  }

  String id() {
    return id;
  }

  List<BenchClient> members() {
    return members;
  }

  /** The senders take turns. */
  BenchClient sender(int turn) {
    return senders.get(Math.floorMod(turn, senders.size()));
  }

  void acked(long seq) {
    newestAcked.accumulateAndGet(seq, Math::max);
  }

  /** Everybody has everything that was acknowledged. */
  boolean isDrained() {
    return undelivered() == 0;
  }

  /** How many events, summed over the members, lie between what came last and what was acknowledged last. */
  long undelivered() {
    long newest = newestAcked.get();
    long sum = 0;
    for (BenchClient member : members) {
      sum += Math.max(0, newest - member.lastSeen(id));
    }
    return sum;
  }
}
