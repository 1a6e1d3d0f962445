package dev.parley.router;

import dev.parley.router.loop.Loop;
import java.time.Duration;

/** A loop whose tasks run when a test moves the time. */
public record ManualLoop(ManualTime time) implements Loop {
  @Override
  public boolean inLoop() {
    return true;
  }

  @Override
  public void execute(Runnable task) {
    time.after(Duration.ZERO, task);
  }

  @Override
  public void after(Duration delay, Runnable task) {
    time.after(delay, task);
  }
}
