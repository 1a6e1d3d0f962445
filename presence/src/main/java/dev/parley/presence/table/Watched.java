package dev.parley.presence.table;

import dev.parley.internal.v1.LastKnown;
import dev.parley.internal.v1.RoomOnNode;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.UserOnNode;
import dev.parley.internal.v1.UserView;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.TermId;
import dev.parley.presence.store.Versioned;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One subject that is watched: what generations say of it, and what has been told of it. */
final class Watched {
  private final SubjectKey subject;
  private final Map<TermId, Versioned> said = new HashMap<>(2);
  private @Nullable LastKnown lastKnown;
  private boolean known;
  private Told told;

  Watched(SubjectKey subject) {
    this.subject = subject;
    this.told = Told.newBuilder().setSubject(subject.toSubject()).build();
  }

  /** Whether what the store has was read since the subject is watched. */
  boolean known() {
    return known;
  }

  void nowKnown() {
    known = true;
  }

  Told told() {
    return told;
  }

  /** What was said later in a generation stays, in whichever order both come. */
  void say(TermId term, Versioned word) {
    said.merge(term, word, (old, now) -> now.version() > old.version() ? now : old);
  }

  void remember(@Nullable LastKnown memory) {
    if (memory != null && (lastKnown == null || notOlder(memory, lastKnown))) {
      lastKnown = memory;
    }
  }

  /** The store merges both parts, so that each alone never goes back. */
  private static boolean notOlder(LastKnown now, LastKnown old) {
    return now.getSeenMs() >= old.getSeenMs()
        && Long.compareUnsigned(now.getSettings().getRevision(), old.getSettings().getRevision()) >= 0;
  }

  /** Forgets generations that have ended; whether one of them said something. */
  boolean forget(Set<TermId> ended) {
    return said.keySet().removeAll(ended);
  }

  boolean hasWordOf(Set<TermId> terms) {
    return said.keySet().stream().anyMatch(terms::contains);
  }

  /**
   * Computes the view anew; whether it is another one than before. While it settles, nobody becomes offline who has not
   * been told as such before.
   */
  boolean look(Set<TermId> valid, boolean settling) {
    if (!known) {
      return false;
    }
    Told.Builder now = Told.newBuilder().setSubject(told.getSubject());
    List<Versioned> words = newest(valid);
    if (subject.kind() == SubjectKey.Kind.USER) {
      List<UserOnNode> nodes = words.stream().map(word -> word.value().getUser()).toList();
      UserView view = Views.user(nodes, lastKnown);
      if (!settling || view.getDevicesCount() > 0 || told.hasUser() && told.getUser().getDevicesCount() == 0) {
        now.setUser(view);
      }
    } else {
      RoomOnNode view = Views.room(words.stream().map(word -> word.value().getRoom()).toList());
      if (!settling || view.getCount() > 0 || told.hasRoom() && told.getRoom().getCount() == 0) {
        now.setRoom(view);
      }
    }
    Told next = now.build();
    boolean differs = !next.equals(told);
    told = next;
    return differs;
  }

  /** Of each router the word of its newest generation that has one, without those that say that nothing is so. */
  private List<Versioned> newest(Set<TermId> valid) {
    Map<String, TermId> newest = new HashMap<>(4);
    for (TermId term : said.keySet()) {
      if (valid.contains(term)) {
        newest.merge(term.node(), term, (a, b) -> a.generation() > b.generation() ? a : b);
      }
    }
    List<Versioned> words = new ArrayList<>();
    for (TermId term : newest.values()) {
      Versioned word = said.get(term);
      if (word != null && !word.gone()) {
        words.add(word);
      }
    }
    return words;
  }
}
