package dev.parley.presence.link;

import dev.parley.presence.store.PresenceStore;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.Term;
import dev.parley.presence.table.PresenceTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * What has to be read from the store: whatever begins to be watched, and everything after changes may have been missed.
 * What was read while other generations were valid than those known here is read again after the next look at the table
 * of leases.
 *
 * <p>Belongs to the loop.
 */
final class Readings {
  private static final int AT_ONCE = 10_000;

  private final PresenceStore store;
  private final PresenceTable table;
  private final Executor loop;
  private final Runnable outdated;
  private final LinkedHashSet<SubjectKey> due = new LinkedHashSet<>();
  private boolean reading;
  private boolean blocked;
  private long version;

  /** {@code outdated}: the table of leases is to be looked at. */
  Readings(PresenceStore store, PresenceTable table, Executor loop, Runnable outdated) {
    this.store = store;
    this.table = table;
    this.loop = loop;
    this.outdated = outdated;
  }

  /** A subject begins to be watched. */
  void watch(SubjectKey subject) {
    due.add(subject);
  }

  /** A subject is not watched any more. */
  void unwatch(SubjectKey subject) {
    due.remove(subject);
  }

  void addAll(Collection<SubjectKey> subjects) {
    due.addAll(subjects);
  }

  /** What is not read yet. */
  List<SubjectKey> waiting() {
    return table.watched().stream().filter(subject -> !table.isKnown(subject)).toList();
  }

  /** The table of leases has been looked at. */
  void leases(long current) {
    version = current;
    blocked = false;
  }

  /** Begins to read what is due, unless it reads already. {@code done}: called when something has been read. */
  void read(Runnable done) {
    if (reading || blocked || due.isEmpty()) {
      return;
    }
    List<SubjectKey> subjects = new ArrayList<>(Math.min(AT_ONCE, due.size()));
    Iterator<SubjectKey> next = due.iterator();
    while (next.hasNext() && subjects.size() < AT_ONCE) {
      subjects.add(next.next());
      next.remove();
    }
    reading = true;
    long asked = version;
    store
        .read(subjects, table.terms().stream().map(Term::id).toList())
        .whenCompleteAsync(
            (answer, failure) -> {
              reading = false;
              if (failure == null && answer.version() == asked) {
                table.found(answer.found());
              } else {
                again(subjects);
              }
              done.run();
            },
            loop);
  }

  /** After the next look at the table of leases. */
  private void again(List<SubjectKey> subjects) {
    blocked = true;
    Set<SubjectKey> watched = table.watched();
    subjects.stream().filter(watched::contains).forEach(due::add);
    outdated.run();
  }
}
