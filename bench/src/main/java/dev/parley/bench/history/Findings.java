package dev.parley.bench.history;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What a check has found: counts of all, and the first {@value #MAX_TEXTS} in words. Not thread-safe. */
final class Findings {
  private static final int MAX_TEXTS = 50;

  private final List<Finding> texts = new ArrayList<>();
  private final Map<Finding.Kind, Long> counts = new EnumMap<>(Finding.Kind.class);

  void add(Finding.Kind kind, String text) {
    add(kind, text, 1);
  }

  /** One finding that stands for several events. */
  void add(Finding.Kind kind, String text, long times) {
    counts.merge(kind, times, Long::sum);
    if (texts.size() < MAX_TEXTS) {
      texts.add(new Finding(kind, text));
    }
  }

  List<Finding> texts() {
    return List.copyOf(texts);
  }

  Map<Finding.Kind, Long> counts() {
    return Map.copyOf(counts);
  }
}
