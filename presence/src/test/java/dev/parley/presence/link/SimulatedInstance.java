package dev.parley.presence.link;

import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.presence.store.MemoryPresenceStore;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.function.LongSupplier;

/** One instance of presence whose loop moves when it is told to. */
final class SimulatedInstance {
  final ArrayDeque<Runnable> loop = new ArrayDeque<>();
  final SimulatedStore store;
  final PresenceCore core;

  SimulatedInstance(String name, LinkTimes times, MemoryPresenceStore shared, Random random, LongSupplier nanos) {
    this.store = new SimulatedStore(shared, random);
    this.core = new PresenceCore(name, times, store, loop::add, nanos, new PresenceMetrics(Telemetry.none().meter()));
    core.start();
  }

  /** One task of the loop; false: there is none. */
  boolean step() {
    Runnable next = loop.poll();
    if (next == null) {
      return false;
    }
    next.run();
    return true;
  }

  private void drain() {
    while (step()) {
      continue;
    }
  }

  /** It ends, orderly or not: its links see it. */
  void end() {
    // Streams that were being opened are taken first, and end too.
    drain();
    core.close();
    drain();
    store.close();
  }
}
