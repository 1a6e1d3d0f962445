package dev.parley.cli.stack;

import dev.parley.parts.PartProcess;
import dev.parley.parts.Parts;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** One of Parley's own services in a JVM of its own. */
final class JvmProcess {
  private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);

  /** SerialGC and compact headers: the machine also runs the broker and the edge. */
  private static final List<String> FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:+UseCompactObjectHeaders",
          "-XX:+ExitOnOutOfMemoryError",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  private JvmProcess() {}

  /**
   * What is to be started.
   *
   * @param name of the process and its files
   * @param build whose jars it runs from
   * @param directory of its pid and log
   * @param flags for the JVM, beside those that every service gets
   * @param main the class
   * @param arguments of it
   * @param secrets settings that must not stand on a command line, as environment variables
   */
  record Launch(
      String name,
      Build build,
      Path directory,
      List<String> flags,
      String main,
      List<String> arguments,
      Map<String, String> secrets) {
    /** From our own jars. */
    Launch(
        String name,
        Path directory,
        List<String> flags,
        String main,
        List<String> arguments,
        Map<String, String> secrets) {
      this(name, Build.ours(), directory, flags, main, arguments, secrets);
    }
  }

  /** Starts it and waits until it is ready; what is not in time is stopped again. */
  static PartProcess start(Launch launch, BooleanSupplier ready) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    List<String> classPath = launch.build().classPath();
    command.addAll(FLAGS);
    command.addAll(classArchive(launch.main(), classPath));
    command.addAll(launch.flags());
    command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), launch.main()));
    command.addAll(launch.arguments());
    // glibc gives each thread an arena of its own, which never shrinks: two are enough for two busy loops.
    Map<String, String> environment = new HashMap<>(Map.of("MALLOC_ARENA_MAX", "2"));
    // Everybody on the machine may read a command line.
    environment.putAll(launch.secrets());
    PartProcess process =
        PartProcess.start(
            new PartProcess.Launch(
                launch.name(),
                command,
                launch.directory(),
                launch.directory().resolve(launch.name() + ".log"),
                environment,
                true));
    try {
      process.awaitReady(ready, READY_TIMEOUT);
    } catch (RuntimeException e) {
      process.stop();
      throw e;
    }
    return process;
  }

  /**
   * Lets the JVM keep the classes that it has loaded and checked, at its first end, for its next start, which then takes
   * half as long (JEP 350). It looks by itself whether the jars are still the same. Jars alone can be kept so.
   */
  private static List<String> classArchive(String main, List<String> classPath) {
    if (!classPath.stream().map(Path::of).allMatch(Files::isRegularFile)) {
      return List.of();
    }
    Path archives = Parts.findHome().resolve("cli/target/class-archives");
    try {
      Files.createDirectories(archives);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String name = main.substring(main.lastIndexOf('.') + 1) + "-" + Integer.toHexString(classPath.hashCode()) + ".jsa";
    return List.of("-XX:+AutoCreateSharedArchive", "-XX:SharedArchiveFile=" + archives.resolve(name), "-Xlog:cds*=off");
  }
}
