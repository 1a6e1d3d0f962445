package dev.parley.dispatcher.shard;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Time that runs ten times as fast as the world's: its clock, and a thread with delays in it. Thread-safe. */
final class QuickTime implements InstantSource, AutoCloseable {
  private static final int TIMES = 10;

  private final Instant start = Instant.now();
  private final Loop loop = new Loop();
  private volatile Duration ahead = Duration.ZERO;

  private static final class Loop extends ScheduledThreadPoolExecutor {
    Loop() {
      super(1);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
      return super.schedule(task, unit.toNanos(delay) / TIMES, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public Instant instant() {
    return start.plus(Duration.between(start, Instant.now()).multipliedBy(TIMES)).plus(ahead);
  }

  /** Lets the clock, and not the delays, jump. */
  void jump(Duration time) {
    ahead = ahead.plus(time);
  }

  ScheduledThreadPoolExecutor loop() {
    return loop;
  }

  @Override
  public void close() {
    loop.shutdownNow();
  }
}
