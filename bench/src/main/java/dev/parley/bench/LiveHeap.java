package dev.parley.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** What lives on the heap of another JVM of this user, by the {@code jcmd} of its JDK. */
final class LiveHeap {
  private static final double MEGABYTE = 1 << 20;

  private LiveHeap() {}

  /**
   * Has the process collect all garbage, and says what is left, in MB (2^20 bytes). Blocks until it has.
   *
   * @return empty: it is no JVM, or is gone, or its runtime has no {@code jcmd}
   * @throws IOException if it does not tell
   */
  static OptionalDouble megabytes(long pid) throws IOException, InterruptedException {
    Optional<Path> jcmd =
        ProcessHandle.of(pid)
            .flatMap(process -> process.info().command())
            .map(Path::of)
            .filter(file -> file.endsWith("java"))
            .map(java -> java.resolveSibling("jcmd"))
            .filter(Files::isExecutable);
    if (jcmd.isEmpty()) {
      return OptionalDouble.empty();
    }
    // By way of a file: a JVM that is asked stands still until its answer has been taken, and it may be this one.
    Path answer = Files.createTempFile("heap", ".txt");
    try {
      // A histogram of live objects collects first, whatever collector the JVM has, and ends with their sum.
      Process asking =
          new ProcessBuilder(jcmd.get().toString(), Long.toString(pid), "GC.class_histogram")
              .redirectErrorStream(true)
              .redirectOutput(answer.toFile())
              .start();
      int status = asking.waitFor();
      List<String> said = Files.readAllLines(answer);
      if (status != 0) {
        throw new IOException("jcmd " + pid + " failed: " + said);
      }
      return OptionalDouble.of(sum(said) / MEGABYTE);
    } finally {
      Files.delete(answer);
    }
  }

  /** The bytes in the last line of a histogram: {@code Total  instances  bytes}. */
  static long sum(List<String> histogram) throws IOException {
    String last = histogram.isEmpty() ? "nothing" : histogram.getLast().strip();
    String[] fields = last.split("\\s+");
    if (fields.length != 3 || !fields[0].equals("Total")) {
      throw new IOException("a histogram of a heap ends with its sum, not with: " + last);
    }
    return Long.parseLong(fields[2]);
  }
}
