package dev.parley.bench;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What idle sessions cost: the growth from few to all of them, for each that came. The memory of a session is what the
 * resident memory of a process grew by; that of a JVM follows its heap in steps, so beside it stands what a session
 * keeps alive there. What the kernel holds for a socket is in neither.
 *
 * @param few with a tenth of the sessions
 * @param all with all of them
 * @param lost streams that broke, and sessions that ended, since the first one was live
 */
public record IdleResult(IdleReading few, IdleReading all, long lost) {
  private static final int KIB_PER_MB = 1024;

  /** Every session that came is still there. */
  public boolean ok() {
    return lost == 0;
  }

  /** By process: KiB of resident memory for each session. */
  public Map<String, Double> rssKib() {
    return perSession(few.rssMegabytes(), all.rssMegabytes(), KIB_PER_MB);
  }

  /** By process, of JVMs only: KiB that live on the heap for each session. */
  public Map<String, Double> heapKib() {
    return perSession(few.heapMegabytes(), all.heapMegabytes(), KIB_PER_MB);
  }

  /** By process: microseconds of processor time a second for each session. */
  public Map<String, Double> cpuMicrosPerSecond() {
    return perSession(few.cpuMicrosPerSecond(), all.cpuMicrosPerSecond(), 1);
  }

  /** KiB for each session, of all processes of the deployment: live heap of those that are JVMs, else resident memory. */
  public double sessionKib() {
    Map<String, Double> sum = new TreeMap<>(rssKib());
    sum.putAll(heapKib());
    sum.remove(ProcessMeter.BENCH);
    return sum.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  private Map<String, Double> perSession(Map<String, Double> atFew, Map<String, Double> atAll, int unit) {
    Map<String, Double> slopes = new TreeMap<>();
    atAll.forEach((name, value) -> {
      Double before = atFew.get(name);
      if (before != null) {
        slopes.put(name, (value - before) * unit / (all.sessions() - few.sessions()));
      }
    });
    return slopes;
  }

  /** One JSON object. */
  public String json() {
    return "{\"bench\": \"idle\", \"ok\": " + ok()
        + ", \"sessions\": " + all.sessions()
        + ", \"compared_with\": " + few.sessions()
        + ", \"lost\": " + lost
        + ", \"session_kib\": " + Numbers.number(sessionKib())
        + ", \"rss_kib_per_session\": " + Numbers.numbers(rssKib())
        + ", \"live_heap_kib_per_session\": " + Numbers.numbers(heapKib())
        + ", \"cpu_us_per_session_and_second\": " + Numbers.numbers(cpuMicrosPerSecond())
        + ", \"rss_mb\": " + Numbers.numbers(all.rssMegabytes())
        + ", \"live_heap_mb\": " + Numbers.numbers(all.heapMegabytes()) + "}";
  }

  /** A few lines for a person. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(ok() ? "ok: " : "FAILED: ").append(all.sessions()).append(" idle sessions, ").append(lost);
    text.append(" lost; from ").append(few.sessions()).append(" on each took ").append(Numbers.number(sessionKib()));
    text.append(" KiB of the deployment\n");
    text.append(row("for a session:", "memory KiB", "heap KiB", "cpu us/s", "all: MB", "heap MB"));
    all.rssMegabytes().forEach((name, megabytes) ->
        text.append(row(name, of(rssKib(), name), of(heapKib(), name), of(cpuMicrosPerSecond(), name),
            Numbers.number(megabytes), of(all.heapMegabytes(), name))));
    return text.append("memory: resident; heap: what lives there after a full collection, of JVMs only").toString();
  }

  private static String row(String name, String... values) {
    StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-14s", name));
    for (String value : values) {
      row.append(String.format(Locale.ROOT, " %12s", value));
    }
    return row.append('\n').toString();
  }

  private static String of(Map<String, Double> values, String name) {
    Double value = values.get(name);
    return value == null ? "-" : Numbers.number(value);
  }
}
