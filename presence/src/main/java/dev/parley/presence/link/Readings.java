package dev.parley.presence.link;

import dev.parley.presence.store.PresenceStore;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.Term;
import dev.parley.presence.table.PresenceTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * What has to be read from the store: whatever begins to be watched, everything after changes may have been missed, and
 * again what was read without a generation that was valid by then but not known here. Since the table of leases is looked
 * at every second, the last can only be what began to be watched since the look before.
 *
 * <p>Belongs to the loop.
 */
final class Readings {
  private static final int AT_ONCE = 10_000;

  private final PresenceStore store;
  private final PresenceTable table;
  private final Executor loop;
  private final Runnable dataLost;
  private final LinkedHashSet<SubjectKey> due = new LinkedHashSet<>();
  private final Set<SubjectKey> sinceRenewal = new HashSet<>();
  private final Set<SubjectKey> beforeRenewal = new HashSet<>();
  private boolean reading;
  private boolean blocked;
  private long epoch;

  /** {@code dataLost}: a reading has found the store emptied. */
  Readings(PresenceStore store, PresenceTable table, Executor loop, Runnable dataLost) {
    this.store = store;
    this.table = table;
    this.loop = loop;
    this.dataLost = dataLost;
  }

  /** A subject begins to be watched. */
  void watch(SubjectKey subject) {
    due.add(subject);
    sinceRenewal.add(subject);
  }

  /** A subject is not watched any more. */
  void unwatch(SubjectKey subject) {
    due.remove(subject);
    sinceRenewal.remove(subject);
    beforeRenewal.remove(subject);
  }

  void addAll(Collection<SubjectKey> subjects) {
    due.addAll(subjects);
  }

  /** What is not read yet. */
  List<SubjectKey> waiting() {
    return table.watched().stream().filter(subject -> !table.isKnown(subject)).toList();
  }

  /** The table of leases is asked for. */
  void renewalBegins() {
    beforeRenewal.addAll(sinceRenewal);
    sinceRenewal.clear();
  }

  /** The table of leases is of this epoch. */
  void epoch(long current) {
    epoch = current;
  }

  /** The table of leases has been looked at. {@code others}: it has generations that were not known. */
  void renewed(boolean others) {
    blocked = false;
    if (others) {
      due.addAll(beforeRenewal);
      due.addAll(sinceRenewal);
    }
    beforeRenewal.clear();
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
    store
        .read(subjects, table.terms().stream().map(Term::id).toList())
        .whenCompleteAsync(
            (answer, failure) -> {
              reading = false;
              if (failure == null && answer.epoch() == epoch) {
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
    dataLost.run();
  }
}
