package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Keeps {@code docs/promises.md} true: behind each promise stand tests that exist. */
class PromisesIT {
  private static final Pattern PROMISE = Pattern.compile("## (P\\d+) .*?\\n- \\*Tests:\\* (.*?)\\n\\n", Pattern.DOTALL);

  /** A class with its methods in brackets, or either of them alone. */
  private static final Pattern NAMED = Pattern.compile("`([A-Z]\\w+)`(\\s+\\(`)?|`([a-z]\\w+)`");

  private static final int PROMISES = 15;

  @Test
  void everyTestThatAPromiseNamesExists() throws IOException {
    Path home = Parts.findHome();
    Map<String, String> sources = testSources(home);
    List<String> wrong = new ArrayList<>();
    List<MatchResult> promises =
        PROMISE.matcher(Files.readString(home.resolve("docs/promises.md"))).results().toList();
    for (MatchResult promise : promises) {
      String source = "";
      for (MatchResult named : NAMED.matcher(promise.group(2)).results().toList()) {
        String type = named.group(1);
        if (type == null) {
          if (!source.contains(" void " + named.group(3) + "(")) {
            wrong.add(promise.group(1) + ": no method " + named.group(3));
          }
        } else if (!sources.containsKey(type)) {
          wrong.add(promise.group(1) + ": no class " + type);
        } else {
          source = sources.getOrDefault(type, "");
          if (named.group(2) == null) {
            wrong.add(promise.group(1) + ": which methods of " + type + "?");
          }
        }
      }
    }

    assertThat(promises).hasSize(PROMISES);
    assertThat(wrong).isEmpty();
  }

  /** The text of each class, by its simple name; of two with the same name, both. */
  private static Map<String, String> testSources(Path home) throws IOException {
    Map<String, String> sources = new HashMap<>();
    for (Path root : testRoots(home)) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
          sources.merge(
              file.toFile().getName().replace(".java", ""), Files.readString(file), String::concat);
        }
      }
    }
    return sources;
  }

  /** Of the modules, which lie one or two directories below. */
  private static List<Path> testRoots(Path home) throws IOException {
    try (Stream<Path> modules = Files.find(home, 3, (path, file) -> path.endsWith("pom.xml"))) {
      return modules.map(pom -> pom.resolveSibling("src/test/java")).filter(Files::isDirectory).toList();
    }
  }
}
