package dev.parley.parts;

import java.time.Instant;
import java.util.Optional;

/**
 * Which process a pid file means. A pid is given to another process later; together with the time of its start it is
 * not.
 *
 * @param startMillis since the epoch; 0: the system does not tell
 */
record PidRecord(long pid, long startMillis) {
  // The kernel tells the start as ticks since boot, and the boot's time moves with the clock's corrections.
  private static final long START_TOLERANCE_MILLIS = 2_000;

  static PidRecord of(ProcessHandle handle) {
    return new PidRecord(handle.pid(), startOf(handle));
  }

  /** Reads {@link #toString}; what is unreadable, as after a crash while it was written, means no process. */
  static PidRecord parse(String text) {
    String[] fields = text.strip().split(" ", -1);
    try {
      return new PidRecord(Long.parseLong(fields[0]), fields.length > 1 ? Long.parseLong(fields[1]) : 0);
    } catch (NumberFormatException e) {
      return new PidRecord(-1, 0);
    }
  }

  /** The process, if it still runs. */
  Optional<ProcessHandle> running() {
    if (pid <= 0) {
      return Optional.empty();
    }
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .filter(handle -> Math.abs(startOf(handle) - startMillis) <= START_TOLERANCE_MILLIS);
  }

  private static long startOf(ProcessHandle handle) {
    return handle.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  @Override
  public String toString() {
    return pid + " " + startMillis;
  }
}
