package dev.parley.cli.stack;

import java.time.Instant;
import java.util.Optional;

/**
 * A process that is found again later, and never mistaken for another one that got its pid.
 *
 * @param pid its id
 * @param startMillis when it started, since the epoch; 0: the system does not tell
 */
public record ProcessRef(long pid, long startMillis) {
  // The kernel tells the start as ticks since boot, and the boot's time moves with the clock's corrections.
  private static final long START_TOLERANCE_MILLIS = 2_000;

  /** A running process. */
  public static ProcessRef of(ProcessHandle handle) {
    return new ProcessRef(handle.pid(), startOf(handle));
  }

  /** The process, if it still runs. */
  public Optional<ProcessHandle> running() {
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .filter(handle -> Math.abs(startOf(handle) - startMillis) <= START_TOLERANCE_MILLIS);
  }

  private static long startOf(ProcessHandle handle) {
    return handle.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }
}
