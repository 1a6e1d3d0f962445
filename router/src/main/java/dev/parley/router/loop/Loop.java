package dev.parley.router.loop;

import dev.parley.router.shard.Timer;
import java.util.concurrent.Executor;

/** One thread's queue of tasks, which run one after the other in order. Thread-safe. */
public interface Loop extends Executor, Timer {
  /** The caller runs on this loop. */
  boolean inLoop();
}
