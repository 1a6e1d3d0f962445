package dev.parley.helm;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads nested maps and lists, as YAML has them. */
final class Tree {
  private Tree() {}

  /** The same with text as keys, in the same order. */
  static Map<String, Object> map(@Nullable Object node) {
    Map<String, Object> map = new LinkedHashMap<>();
    if (node instanceof Map<?, ?> found) {
      found.forEach((key, value) -> map.put(String.valueOf(key), value == null ? "" : value));
    }
    return map;
  }

  /** The maps of a list. */
  static List<Map<String, Object>> maps(@Nullable Object node) {
    return node instanceof List<?> list ? list.stream().map(Tree::map).toList() : List.of();
  }

  /** What lies at the end of these keys; null: nothing. A number is a place in a list. */
  static @Nullable Object at(@Nullable Object node, String... keys) {
    Object here = node;
    for (String key : keys) {
      here = here instanceof List<?> list ? list.get(Integer.parseInt(key)) : map(here).get(key);
    }
    return here;
  }

  /** The object of this kind and name. */
  static Map<String, Object> object(List<Map<String, Object>> all, String kind, String name) {
    return all.stream()
        .filter(each -> kind.equals(each.get("kind")) && name.equals(at(each, "metadata", "name")))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
  }
}
