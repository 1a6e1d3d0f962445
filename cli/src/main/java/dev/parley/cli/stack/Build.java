package dev.parley.cli.stack;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The jars that a service runs from.
 *
 * @param classPath absolute
 */
record Build(List<String> classPath) {
  Build {
    classPath = List.copyOf(classPath);
  }

  /** Ours, but for the tests that may have started us. */
  static Build ours() {
    return new Build(
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !Path.of(entry).endsWith("test-classes"))
            .toList());
  }

  /**
   * Of another copy of the sources, built there as the launcher does it.
   *
   * @throws IOException if there is none
   */
  static Build in(Path home) throws IOException {
    List<String> jars = new ArrayList<>();
    for (Path directory : List.of(home.resolve("cli/target"), home.resolve("cli/target/lib"))) {
      try (Stream<Path> files = Files.list(directory)) {
        files
            .map(Path::toAbsolutePath)
            .map(Path::toString)
            .filter(file -> file.endsWith(".jar"))
            .sorted()
            .forEach(jars::add);
      }
    }
    return new Build(jars);
  }
}
