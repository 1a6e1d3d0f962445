package dev.parley.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Processor time and memory of the processes of a deployment, from /proc. Says nothing on systems that have none, and
 * nothing of a process that is gone.
 */
public final class ProcessMeter {
  /** USER_HZ: fixed by the kernel's interface on the architectures that we build for. */
  private static final long TICK_MICROS = 10_000;
  /** What this process is called, which is measured too. */
  static final String BENCH = "bench";

  private final Map<String, Long> pids;
  private final Map<String, Long> cpuAtStart = new TreeMap<>();

  /** @param pids process ids by the names that results show */
  public ProcessMeter(Map<String, Long> pids) {
    this.pids = new TreeMap<>(pids);
    this.pids.put(BENCH, ProcessHandle.current().pid());
  }

  /** Counts processor time from here. */
  public void start() {
    pids.forEach((name, pid) -> {
      long micros = cpuMicros(pid);
      if (micros >= 0) {
        cpuAtStart.put(name, micros);
      }
    });
  }

  /** Processor time since {@link #start} by process, in microseconds for each of so many; nothing when there are none. */
  public Map<String, Double> cpuMicrosPer(double count) {
    Map<String, Double> result = new TreeMap<>();
    cpuAtStart.forEach((name, atStart) -> {
      long now = cpuMicros(pids.getOrDefault(name, -1L));
      if (now >= 0 && count > 0) {
        result.put(name, (now - atStart) / count);
      }
    });
    return result;
  }

  /** Resident memory by process, in MB (2^20 bytes). */
  public Map<String, Double> rssMegabytes() {
    Map<String, Double> result = new TreeMap<>();
    pids.forEach((name, pid) -> {
      Path status = Path.of("/proc", Long.toString(pid), "status");
      if (Files.isReadable(status)) {
        try {
          Files.readAllLines(status).stream()
              .filter(line -> line.startsWith("VmRSS:"))
              .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024.0)
              .forEach(megabytes -> result.put(name, megabytes));
        } catch (IOException gone) {
          result.remove(name);
        }
      }
    });
    return result;
  }

  /**
   * What lives on the heaps of those that are JVMs, by process, in MB (2^20 bytes). Collects their garbage for it.
   *
   * @throws IOException if one does not tell
   */
  Map<String, Double> liveHeapMegabytes() throws IOException, InterruptedException {
    Map<String, Double> result = new TreeMap<>();
    for (Map.Entry<String, Long> each : pids.entrySet()) {
      LiveHeap.megabytes(each.getValue()).ifPresent(megabytes -> result.put(each.getKey(), megabytes));
    }
    return result;
  }

  /** Processor time of a process since it began; -1: not known. */
  private static long cpuMicros(long pid) {
    Path stat = Path.of("/proc", Long.toString(pid), "stat");
    if (!Files.isReadable(stat)) {
      return -1;
    }
    try {
      String line = Files.readString(stat);
      // The second field is the program's name in parentheses and may hold spaces: count from behind it.
      String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
      return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_MICROS;
    } catch (IOException gone) {
      return -1;
    }
  }
}
