package dev.parley.cli;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a query of Prometheus asks for, as far as a look at its text can tell. */
final class PromQl {
  private static final Pattern STRING = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"");
  private static final Pattern SELECTOR = Pattern.compile("\\{[^}]*}");
  private static final Pattern RANGE = Pattern.compile("\\[([^\\]]*)]");
  private static final Pattern LABELS = Pattern.compile("\\b(?:by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)");
  private static final Pattern NAME = Pattern.compile("(?<![\\w:.$])[A-Za-z_:][\\w:]*+(?!\\s*\\()");
  private static final Set<String> WORDS = Set.of("and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring");

  private final String query;

  PromQl(String query) {
    this.query = query;
  }

  /** The series that it names. */
  Set<String> metrics() {
    String rest = STRING.matcher(query).replaceAll("");
    for (Pattern not : new Pattern[] {SELECTOR, RANGE, LABELS}) {
      rest = not.matcher(rest).replaceAll(" ");
    }
    return NAME.matcher(rest)
        .results()
        .map(MatchResult::group)
        .filter(name -> !WORDS.contains(name))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Over how long it looks, as {@code 5m}. */
  Set<String> ranges() {
    return RANGE.matcher(STRING.matcher(query).replaceAll("")).results().map(range -> range.group(1)).collect(Collectors.toSet());
  }
}
