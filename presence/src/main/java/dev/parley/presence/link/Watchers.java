package dev.parley.presence.link;

import dev.parley.presence.store.SubjectKey;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Which links watch what. Belongs to the loop, but for the question whether anybody does. */
final class Watchers {
  private final Map<SubjectKey, Set<NodeLink>> links = new ConcurrentHashMap<>();

  /** Whether it is the first one of this subject. */
  boolean add(SubjectKey subject, NodeLink link) {
    Set<NodeLink> all = links.computeIfAbsent(subject, unused -> new HashSet<>(2));
    all.add(link);
    return all.size() == 1;
  }

  /** Whether it was the last one of this subject. */
  boolean remove(SubjectKey subject, NodeLink link) {
    Set<NodeLink> all = links.get(subject);
    if (all == null || !all.remove(link) || !all.isEmpty()) {
      return false;
    }
    links.remove(subject);
    return true;
  }

  /** Whether anybody watches this subject. Thread-safe. */
  boolean has(SubjectKey subject) {
    return links.containsKey(subject);
  }

  /** All who watch this subject are to be told. */
  void tell(SubjectKey subject) {
    links.getOrDefault(subject, Set.of()).forEach(link -> link.tell(subject));
  }
}
