package dev.parley.images;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The JDK that builds, cut down to the modules that the processes need. */
final class JavaRuntime {
  /** Where it lies in an image. */
  static final String HOME = "/opt/java";

  /**
   * What every JVM of an image is started with. It stands in the runtime itself and not on a command line, so that
   * JAVA_TOOL_OPTIONS can say otherwise.
   */
  private static final List<String> OPTIONS =
      List.of(
          // Small heaps on a few processors: no other collector costs less memory beside the heap.
          "-XX:+UseSerialGC",
          "-XX:+UseCompactObjectHeaders",
          // Of what the container may use. As much again is left for buffers outside the heap, classes and code.
          "-XX:MaxRAMPercentage=50",
          // Whoever restarts the container does it better than a process that has lost some of its threads.
          "-XX:+ExitOnOutOfMemoryError",
          // The compilers of a process that has just started keep a core busy for a minute: they take what is left over.
          "-XX:ThreadPriorityPolicy=1",
          "-XX:CompilerThreadPriority=10",
          // What netty and protobuf do, and would be warned of.
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  private JavaRuntime() {}

  /** Makes it in a directory that does not exist yet. */
  static void make(Set<String> modules, Path directory) {
    // As a process of its own: inside a JVM that has done other things it does not always write the same bytes.
    Commands.run(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
            "--add-modules",
            String.join(",", modules),
            "--add-options=" + String.join(" ", OPTIONS),
            "--strip-java-debug-attributes",
            "--no-header-files",
            "--no-man-pages",
            "--output",
            directory.toString()));
  }
}
