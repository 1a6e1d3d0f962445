package dev.parley.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Lets faults happen one after the other while a load runs, evenly spaced over the measured window, and keeps apart what
 * each meant to the clients. Used by one thread at a time.
 */
final class FaultSequence {
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
   * @param from when the measured window begins, by {@link System#nanoTime}
   * @param length of the window, in nanoseconds
   * @throws IllegalStateException if one could not be done
   */
  void run(long from, long length) throws InterruptedException {
    long spacing = length / (faults.size() + 1);
    for (int i = 0; i < faults.size(); i++) {
      TimeUnit.NANOSECONDS.sleep(Math.max(0, from + spacing * (i + 1) - System.nanoTime()));
      Fault fault = faults.get(i);
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
      past.add(new Past(fault, TimeUnit.NANOSECONDS.toMillis(at - from), done, stretch));
    }
  }

  /** What each meant. */
  List<FaultResult> results() {
    return past.stream()
        .map(each -> new FaultResult(
            each.fault, each.atMillis, each.stretch.waits(), each.stretch.caughtUpAfter(each.doneNanos) / 1_000))
        .toList();
  }
}
