package dev.parley.router.shard;

import java.time.Duration;

/** Runs something later on the shard's own thread. */
public interface Timer {
  /** Runs {@code task} once, {@code delay} from now. */
  void after(Duration delay, Runnable task);
}
