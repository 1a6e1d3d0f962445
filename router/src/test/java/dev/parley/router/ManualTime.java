package dev.parley.router;

import dev.parley.router.shard.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A clock, and a timer on it, that stand still until a test moves them. */
public final class ManualTime implements InstantSource, Timer {
  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

  private final PriorityQueue<Due> tasks =
      new PriorityQueue<>(Comparator.comparing(Due::at).thenComparing(Due::order));
  private Instant now = START;
  private long order;

  private record Due(Instant at, long order, Runnable task) {}

  @Override
  public Instant instant() {
    return now;
  }

  /** The same time as a monotonic one. */
  public long nanos() {
    return Duration.between(START, now).toNanos();
  }

  @Override
  public void after(Duration delay, Runnable task) {
    tasks.add(new Due(now.plus(delay), order++, task));
  }

  /** Moves on, and runs what becomes due on the way in its order. */
  public void advance(Duration by) {
    Instant until = now.plus(by);
    while (true) {
      Due next = tasks.peek();
      if (next == null || next.at.isAfter(until)) {
        now = until;
        return;
      }
      tasks.remove();
      now = next.at.isAfter(now) ? next.at : now;
      next.task.run();
    }
  }

  /** Nothing is to be run later. */
  public boolean idle() {
    return tasks.isEmpty();
  }
}
