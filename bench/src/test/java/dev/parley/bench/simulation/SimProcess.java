package dev.parley.bench.simulation;

import dev.parley.router.loop.Loop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Random;

/** A process that can be killed, and stopped for a while: what it was to do then waits. */
final class SimProcess {
  private final VirtualTime time;
  private final Random random;
  /** What was to be done while it was stopped. */
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private boolean dead;
  private long stoppedUntil;

  SimProcess(VirtualTime time, Random random) {
    this.time = time;
    this.random = random;
  }

  /** As by SIGKILL. */
  void kill() {
    dead = true;
  }

  boolean dead() {
    return dead;
  }

  /** As by SIGSTOP, and SIGCONT after a while. */
  void stop(Duration howLong) {
    stoppedUntil = Math.max(stoppedUntil, time.nanos() + howLong.toNanos());
  }

  boolean stopped() {
    return time.nanos() < stoppedUntil;
  }

  /** Does something in this process, now or when it goes on. */
  void run(Runnable task) {
    if (dead) {
      return;
    }
    if (stopped() || !waiting.isEmpty()) {
      waiting.add(task);
      if (waiting.size() == 1) {
        goOn();
      }
    } else {
      task.run();
    }
  }

  private void goOn() {
    if (stopped()) {
      time.at(stoppedUntil, this::goOn);
      return;
    }
    Runnable task;
    while (!dead && !stopped() && (task = waiting.peek()) != null) {
      task.run();
      waiting.remove();
    }
  }

  /** A new thread. */
  Loop loop() {
    return new SimLoop();
  }

  private final class SimLoop implements Loop {
    private static final int JITTER_NANOS = 200_000;

    private long last;

    @Override
    public boolean inLoop() {
      return true;
    }

    @Override
    public void execute(Runnable task) {
      last = Math.max(last, time.nanos() + random.nextInt(JITTER_NANOS));
      time.at(last, () -> run(task));
    }

    @Override
    public void after(Duration delay, Runnable task) {
      time.after(delay, () -> run(() -> execute(task)));
    }
  }
}
