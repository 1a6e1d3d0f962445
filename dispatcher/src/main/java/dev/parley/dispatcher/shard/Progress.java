package dev.parley.dispatcher.shard;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * How far a shard is dealt with: positions are opened in order, with so much to do for each, and everything before the
 * first that has anything left to do is done. Belongs to the dispatcher's thread.
 */
final class Progress {
  private final Deque<Long> order = new ArrayDeque<>();
  private final Map<Long, Integer> left = new HashMap<>();
  private long done;

  /** Everything up to {@code done} is. */
  Progress(long done) {
    this.done = done;
  }

  /** The next position, with nothing to do yet but one thing: to find out what there is to do. */
  void open(long position) {
    order.add(position);
    left.put(position, 1);
  }

  /** One thing more to do for an open position. */
  void more(long position) {
    left.computeIfPresent(position, (same, count) -> count + 1);
  }

  /** One thing less. */
  void less(long position) {
    left.computeIfPresent(position, (same, count) -> count - 1);
    while (!order.isEmpty() && left.getOrDefault(order.peek(), 0) <= 0) {
      done = order.poll();
      left.remove(done);
    }
  }

  /** Everything up to here is dealt with. */
  long done() {
    return done;
  }
}
