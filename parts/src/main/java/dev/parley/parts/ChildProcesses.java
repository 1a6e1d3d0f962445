package dev.parley.parts;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Ends the processes that must not outlive this JVM when it exits. */
final class ChildProcesses {
  private static final Duration EXIT_PATIENCE = Duration.ofSeconds(5);
  private static final Set<Process> LIVING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(ChildProcesses::endAll, "end-parts"));
  }

  private ChildProcesses() {}

  static void endWithUs(Process process) {
    LIVING.add(process);
    process.onExit().thenAccept(LIVING::remove);
  }

  private static void endAll() {
    // All are asked first, so that their patience runs at the same time.
    LIVING.forEach(Process::destroy);
    LIVING.forEach(process -> PartProcess.end(process.toHandle(), EXIT_PATIENCE));
  }
}
