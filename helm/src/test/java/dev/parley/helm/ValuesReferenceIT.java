package dev.parley.helm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.jspecify.annotations.Nullable;

/** Keeps {@code docs/helm-values.md} true. Run with {@code -Dparley.docs.write=true} it writes the file. */
class ValuesReferenceIT {
  private static final String INTRODUCTION =
      """
      # Values of the chart

      Generated from `helm/parley/values.yaml` and `values.schema.json`; do not edit. A value that is not here is refused.
      `helm/parley/profiles/` has values for one node and for three zones; [helm.md](helm.md) says how to install.

      | Value | Default | What and why |
      |---|---|---|
      """;

  private final Chart chart = new Chart();
  private final StringBuilder rows = new StringBuilder();
  private final List<String> undescribed = new ArrayList<>();
  private final List<String> open = new ArrayList<>();
  private Map<String, Object> definitions = Map.of();

  @Test
  void theReferenceSaysWhatTheChartTakes() throws Exception {
    walkAll();
    Path file = Parts.findHome().resolve("docs/helm-values.md");
    String reference = INTRODUCTION + rows;
    if (Boolean.getBoolean("parley.docs.write")) {
      Files.writeString(file, reference);
    }

    assertThat(file).as("run this test with -Dparley.docs.write=true to write it anew").hasContent(reference);
  }

  @Test
  void everyValueIsDescribedAndNothingElseIsTaken() throws Exception {
    walkAll();

    assertThat(undescribed).isEmpty();
    assertThat(open).isEmpty();
  }

  private void walkAll() throws IOException {
    Map<String, Object> schema = read("values.schema.json");
    definitions = Tree.map(schema.get("definitions"));
    walk("", schema, read("values.yaml"));
  }

  private Map<String, Object> read(String name) throws IOException {
    return Tree.map(Chart.yaml().<Object>load(Files.readString(chart.file(name))));
  }

  private void walk(String path, Map<String, Object> described, @Nullable Object value) {
    Map<String, Object> schema = resolved(described);
    Object description = described.getOrDefault("description", schema.get("description"));
    if (description == null) {
      undescribed.add(path);
    }
    if (schema.containsKey("properties")) {
      if (!Boolean.FALSE.equals(schema.get("additionalProperties"))) {
        open.add(path);
      }
      Map<String, Object> defaults = Tree.map(value);
      Tree.map(schema.get("properties"))
          .forEach((name, each) -> walk(path.isEmpty() ? name : path + "." + name, Tree.map(each), defaults.get(name)));
    } else {
      rows.append("| `%s` | %s | %s%s |\n".formatted(path, shown(value), description, choices(schema)));
    }
  }

  private Map<String, Object> resolved(Map<String, Object> schema) {
    Object reference = schema.get("$ref");
    return reference == null
        ? schema
        : Tree.map(definitions.get(reference.toString().substring("#/definitions/".length())));
  }

  private static String choices(Map<String, Object> schema) {
    return schema.get("enum") instanceof List<?> choices
        ? " One of " + String.join(", ", choices.stream().map(each -> "`" + each + "`").toList()) + "."
        : "";
  }

  private static String shown(@Nullable Object value) {
    if (value == null || value.equals("") || value instanceof List<?> list && list.isEmpty()
        || value instanceof Map<?, ?> map && map.isEmpty()) {
      return "";
    }
    String text = value instanceof List<?> list ? String.join(", ", list.stream().map(String::valueOf).toList()) : value.toString();
    return "`" + text + "`";
  }
}
