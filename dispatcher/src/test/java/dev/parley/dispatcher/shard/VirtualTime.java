package dev.parley.dispatcher.shard;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Time that passes when a test says so, and the threads of processes in it, which may die. */
final class VirtualTime implements InstantSource {
  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparing(Task::time).thenComparing(Task::number));
  private Instant now = Instant.parse("2026-01-01T12:00:00Z");
  private long count;

  private record Task(Instant time, long number, Process process, Runnable action) {}

  @Override
  public Instant instant() {
    return now;
  }

  /** Runs everything that is due until so much time has passed. */
  void pass(Duration time) {
    Instant end = now.plus(time);
    while (!tasks.isEmpty() && !tasks.peek().time.isAfter(end)) {
      Task next = tasks.poll();
      now = next.time;
      if (!next.process.dead) {
        next.action.run();
      }
    }
    now = end;
  }

  /** A process with one thread. */
  Process process() {
    return new Process();
  }

  /** A process: dead, it does nothing any more. Stopped, nothing until it goes on. */
  final class Process extends AbstractExecutorService implements ScheduledExecutorService {
    private final List<Runnable> held = new ArrayList<>();
    private boolean dead;
    private boolean stopped;

    void die() {
      dead = true;
    }

    void stop() {
      stopped = true;
    }

    void goOn() {
      stopped = false;
      held.forEach(this::execute);
      held.clear();
    }

    @Override
    public void execute(Runnable task) {
      at(now, task);
    }

    private void at(Instant time, Runnable task) {
      tasks.add(new Task(time, count++, this, () -> {
        if (stopped) {
          held.add(task);
        } else {
          task.run();
        }
      }));
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
      at(now.plusNanos(unit.toNanos(delay)), task);
      return new Scheduled();
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, long first, long period, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long first, long delay, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void shutdown() {
      dead = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      dead = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return dead;
    }

    @Override
    public boolean isTerminated() {
      return dead;
    }

    @Override
    public boolean awaitTermination(long time, TimeUnit unit) {
      return dead;
    }
  }

  /** Nobody here cancels anything. */
  private static final class Scheduled extends CompletableFuture<Void> implements ScheduledFuture<Void> {
    @Override
    public long getDelay(TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int compareTo(Delayed other) {
      throw new UnsupportedOperationException();
    }
  }
}
