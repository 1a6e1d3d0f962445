package dev.parley.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Lets faults happen one after the other while a load runs, and keeps apart what each meant to the clients. Before
 * each, and after the last one, passes a pause; before the pause, clients get the time to catch up. Used by one thread
 * at a time.
 */
final class FaultSequence {
  /** Who has not caught up by then, will not. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final List<Fault> faults;
  private final Meter meter;
  private final PrintStream progress;
  private final List<Past> past = new ArrayList<>();

  private record Past(Fault fault, long atMillis, long doneNanos, Stretch stretch) {}

  FaultSequence(List<Fault> faults, Meter meter, PrintStream progress) {
    this.faults = List.copyOf(faults);
    this.meter = meter;
    this.progress = progress;
  }

  /**
   * Blocks until all have happened.
   *
   * @param from when to begin, by {@link System#nanoTime}
   * @param pause from the beginning to the first fault, and from when clients have caught up after one to the next one
   * @throws IllegalStateException if one could not be done
   */
  void run(long from, Duration pause) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(from - System.nanoTime());
    for (Fault fault : faults) {
      Thread.sleep(pause);
      long at = System.nanoTime();
      Stretch stretch = meter.beginStretch();
      progress.println("fault: " + fault.name());
      try {
        fault.action().run();
      } catch (IOException | RuntimeException failed) {
        throw new IllegalStateException("the fault " + fault.name() + " could not be done: " + failed, failed);
      }
      long done = System.nanoTime();
      progress.printf(Locale.ROOT, "fault: %s is done after %.1f s%n", fault.name(), (done - at) / 1e9);
      Poll.until(() -> meter.isCaughtUp(stretch), PATIENCE);
      past.add(new Past(fault, TimeUnit.NANOSECONDS.toMillis(at - from), done, stretch));
    }
    if (!faults.isEmpty()) {
      Thread.sleep(pause);
    }
  }

  /** What each meant. */
  List<FaultResult> results() {
    return past.stream()
        .map(each -> new FaultResult(
            each.fault,
            each.atMillis,
            each.stretch.waits(),
            each.stretch.caughtUpAfter(each.doneNanos) / 1_000,
            each.stretch.p99Micros()))
        .toList();
  }
}
