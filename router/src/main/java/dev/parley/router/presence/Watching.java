package dev.parley.router.presence;

import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What this router's loops watch, each subject once however many of their sessions do, and what was told of it last.
 * Belongs to the link's loop.
 */
final class Watching {
  private final Map<Subject, Watched> watched = new HashMap<>();
  private final LinkedHashSet<Subject> toWatch = new LinkedHashSet<>();
  private final LinkedHashSet<Subject> toUnwatch = new LinkedHashSet<>();
  /** Subjects of which nothing was told since the link came up. */
  private int awaited;

  private static final class Watched {
    /** A bit for each loop. */
    private long loops;
    private boolean awaited = true;
    private @Nullable Told told;
  }

  /** A loop watches a subject from now on; what is known of it already, or null. */
  @Nullable Told watch(int loop, Subject subject) {
    Watched known = watched.get(subject);
    if (known == null) {
      known = new Watched();
      watched.put(subject, known);
      awaited++;
      toUnwatch.remove(subject);
      toWatch.add(subject);
    }
    known.loops |= 1L << loop;
    return known.told;
  }

  /** A loop does not watch a subject any more. */
  void unwatch(int loop, Subject subject) {
    Watched known = watched.get(subject);
    if (known == null) {
      return;
    }
    known.loops &= ~(1L << loop);
    if (known.loops == 0) {
      watched.remove(subject);
      awaited -= known.awaited ? 1 : 0;
      if (!toWatch.remove(subject)) {
        toUnwatch.add(subject);
      }
    }
  }

  /** A subject was told; the loops for which that is news, a bit for each. */
  long told(Told told) {
    Watched known = watched.get(told.getSubject());
    if (known == null) {
      toUnwatch.add(told.getSubject());
      return 0;
    }
    boolean same = told.equals(known.told);
    known.told = told;
    if (known.awaited) {
      known.awaited = false;
      awaited--;
    }
    return same ? 0 : known.loops;
  }

  /** What was told may not be so any more, and nobody will tell: everything must be asked for again. */
  void askAnew() {
    toUnwatch.clear();
    toWatch.clear();
    toWatch.addAll(watched.keySet());
    watched.values().forEach(known -> known.awaited = true);
    awaited = watched.size();
  }

  /** Everything that is watched has been told since the link came up. */
  boolean complete() {
    return awaited == 0;
  }

  /** Something is to be asked for or given up. */
  boolean hasChanges() {
    return !toWatch.isEmpty() || !toUnwatch.isEmpty();
  }

  /** Subjects to ask for, asked for with this call. */
  List<Subject> takeToWatch(int limit) {
    return take(toWatch, limit);
  }

  /** Subjects to give up, given up with this call. */
  List<Subject> takeToUnwatch(int limit) {
    return take(toUnwatch, limit);
  }

  private static List<Subject> take(LinkedHashSet<Subject> from, int limit) {
    List<Subject> taken = new ArrayList<>(Math.min(limit, from.size()));
    for (Iterator<Subject> each = from.iterator(); each.hasNext() && taken.size() < limit; ) {
      taken.add(each.next());
      each.remove();
    }
    return taken;
  }
}
