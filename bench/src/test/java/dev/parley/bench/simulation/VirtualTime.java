package dev.parley.bench.simulation;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.PriorityQueue;

/** A clock that jumps from one task to the next; tasks of the same moment run in the order in which they were planned. */
final class VirtualTime implements InstantSource {
  private static final Instant BEGIN = Instant.parse("2026-03-01T12:00:00Z");

  private final PriorityQueue<Planned> planned = new PriorityQueue<>();
  private long now;
  private long order;

  private record Planned(long at, long order, Runnable task) implements Comparable<Planned> {
    @Override
    public int compareTo(Planned other) {
      return at == other.at ? Long.compare(order, other.order) : Long.compare(at, other.at);
    }
  }

  @Override
  public Instant instant() {
    return BEGIN.plusNanos(now);
  }

  /** Nanoseconds since the beginning. */
  long nanos() {
    return now;
  }

  /** Runs a task at this moment, or now if that is over. */
  void at(long nanos, Runnable task) {
    planned.add(new Planned(Math.max(now, nanos), order++, task));
  }

  void after(Duration delay, Runnable task) {
    at(now + delay.toNanos(), task);
  }

  /** Moves on, and runs what becomes due on the way. */
  void advance(Duration by) {
    long until = now + by.toNanos();
    Planned next;
    while ((next = planned.peek()) != null && next.at <= until) {
      planned.remove();
      now = next.at;
      next.task.run();
    }
    now = until;
  }
}
