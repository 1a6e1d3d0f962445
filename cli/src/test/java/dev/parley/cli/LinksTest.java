package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Links of the pages lead to files, and to headings, that exist. */
class LinksTest {
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s#]*)(?:#([^)\\s]+))?\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");

  private final Path home = Parts.findHome();

  @Test
  void eachLinkLeadsSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    List<Path> pages = pages();
    for (Path page : pages) {
      Matcher links = LINK.matcher(Files.readString(page));
      while (links.find()) {
        if (!links.group(1).matches("[a-z]+:.*") && !leadsSomewhere(page, links.group(1), links.group(2))) {
          broken.add(home.relativize(page) + ": " + links.group());
        }
      }
    }

    assertThat(pages).hasSizeGreaterThan(20);
    assertThat(broken).isEmpty();
  }

  private List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    for (Path directory : List.of(home.resolve("docs"), home)) {
      int depth = directory.equals(home) ? 2 : Integer.MAX_VALUE;
      try (Stream<Path> files = Files.walk(directory, depth)) {
        files.filter(file -> file.toString().endsWith(".md")).forEach(pages::add);
      }
    }
    return pages;
  }

  private static boolean leadsSomewhere(Path page, String file, @Nullable String heading) throws IOException {
    Path target = file.isEmpty() ? page : page.resolveSibling(file);
    return Files.exists(target) && (heading == null || anchors(target).contains(heading));
  }

  /** As GitHub names headings. */
  private static List<String> anchors(Path page) throws IOException {
    return HEADING
        .matcher(Files.readString(page))
        .results()
        .map(heading -> heading.group(1).toLowerCase(Locale.ROOT).replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
        .toList();
  }
}
