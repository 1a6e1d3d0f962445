package dev.parley.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.Yaml;

/**
 * Rules and dashboards as they lie in {@code observability/}.
 *
 * @param dashboards by the names of their files, without the ending
 */
record Observability(List<Rule> rules, Map<String, List<Panel>> dashboards) {

  /**
   * A rule of Prometheus.
   *
   * @param record what it records; null: it is an alert
   * @param alert its name; null: it records
   */
  record Rule(
      @Nullable String record,
      @Nullable String alert,
      String query,
      Map<String, String> labels,
      Map<String, String> annotations) {}

  /** A panel of a dashboard of Grafana. */
  record Panel(int id, String title, String datasource, List<String> queries) {}

  static Observability of(Path home) throws IOException {
    List<Rule> rules = new ArrayList<>();
    for (Path file : files(home.resolve("observability/rules"), ".rules.yaml")) {
      for (Map<?, ?> group : maps(read(file), "groups")) {
        maps(group, "rules").forEach(rule -> rules.add(rule(rule)));
      }
    }
    Map<String, List<Panel>> dashboards = new TreeMap<>();
    for (Path file : files(home.resolve("observability/dashboards"), ".json")) {
      dashboards.put(
          file.toFile().getName().replace(".json", ""),
          maps(read(file), "panels").stream().map(Observability::panel).toList());
    }
    return new Observability(rules, dashboards);
  }

  private static List<Path> files(Path directory, String ending) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
  }

  /** JSON is read as YAML, which it is. */
  private static Map<?, ?> read(Path file) throws IOException {
    return (Map<?, ?>) new Yaml().load(Files.readString(file));
  }

  private static List<Map<?, ?>> maps(Map<?, ?> of, String key) {
    List<Map<?, ?>> maps = new ArrayList<>();
    ((List<?>) value(of, key)).forEach(each -> maps.add((Map<?, ?>) each));
    return maps;
  }

  private static Object value(Map<?, ?> of, String key) {
    return Objects.requireNonNull(of.get(key), () -> key + " is missing in " + of);
  }

  private static Rule rule(Map<?, ?> rule) {
    return new Rule(
        (String) rule.get("record"),
        (String) rule.get("alert"),
        (String) value(rule, "expr"),
        strings(rule.get("labels")),
        strings(rule.get("annotations")));
  }

  private static Map<String, String> strings(@Nullable Object map) {
    Map<String, String> strings = new TreeMap<>();
    if (map instanceof Map<?, ?> some) {
      some.forEach((key, value) -> strings.put((String) key, (String) value));
    }
    return strings;
  }

  private static Panel panel(Map<?, ?> panel) {
    return new Panel(
        (Integer) value(panel, "id"),
        (String) value(panel, "title"),
        (String) value((Map<?, ?>) value(panel, "datasource"), "uid"),
        maps(panel, "targets").stream().map(target -> (String) value(target, "expr")).toList());
  }

  List<Rule> alerts() {
    return rules.stream().filter(rule -> rule.alert() != null).toList();
  }

  /** All that is asked, by rules and by panels. */
  List<String> queries() {
    return Stream.concat(
            rules.stream().map(Rule::query),
            dashboards.values().stream().flatMap(List::stream).flatMap(panel -> panel.queries().stream()))
        .toList();
  }
}
