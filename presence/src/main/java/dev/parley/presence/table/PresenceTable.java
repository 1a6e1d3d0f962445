package dev.parley.presence.table;

import dev.parley.internal.v1.Told;
import dev.parley.presence.store.Change;
import dev.parley.presence.store.Found;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.Term;
import dev.parley.presence.store.TermId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is watched through one instance, as it is now. It hears changes, readings and the table of leases, in
 * any order, and says which views have become others.
 *
 * <p>While it <em>settles</em>, routers may have words that the store has lost: who would be offline, and a room that
 * would be empty, is told as not known. It has settled when the time is over, or every router that is waited for has
 * replayed.
 *
 * <p>Pure: times are passed in, in nanoseconds of any clock that does not go back. Not thread-safe.
 */
public final class PresenceTable {
  private final Map<SubjectKey, Watched> watched = new HashMap<>();
  private final Set<SubjectKey> news = new LinkedHashSet<>();
  private final Map<TermId, Term> terms = new LinkedHashMap<>();
  private final Map<String, Long> newest = new HashMap<>();
  private boolean settling;
  private long settledAt;
  /** Each router that is waited for, and the generation that is not enough; null: nothing but the time is. */
  private @Nullable Map<String, Long> awaited;

  /** A subject is to be told of from now on. It is news when it has been {@link #found}. */
  public void watch(SubjectKey subject) {
    watched.putIfAbsent(subject, new Watched(subject));
  }

  /** A subject is not to be told of any more, and forgotten. */
  public void unwatch(SubjectKey subject) {
    watched.remove(subject);
    news.remove(subject);
  }

  /** All that is watched: a view of it, not a copy. */
  public Set<SubjectKey> watched() {
    return watched.keySet();
  }

  /** Whether this subject is watched and has been {@link #found}, so that what is told of it says something. */
  public boolean isKnown(SubjectKey subject) {
    Watched one = watched.get(subject);
    return one != null && one.known();
  }

  /** What is told of a subject: without a view when it is not known. */
  public Told told(SubjectKey subject) {
    Watched one = watched.get(subject);
    return one == null ? Told.newBuilder().setSubject(subject.toSubject()).build() : one.told();
  }

  /** The subjects whose view has changed since the last call. */
  public List<SubjectKey> drainNews() {
    List<SubjectKey> drained = List.copyOf(news);
    news.clear();
    return drained;
  }

  /** The generations that are valid. */
  public List<Term> terms() {
    return List.copyOf(terms.values());
  }

  /** The routers that are alive. */
  public Set<String> nodes() {
    Set<String> nodes = new HashSet<>();
    terms.keySet().forEach(term -> nodes.add(term.node()));
    return nodes;
  }

  /** The store was read. */
  public void found(Map<SubjectKey, Found> found) {
    found.forEach(
        (subject, what) -> {
          Watched one = watched.get(subject);
          if (one != null) {
            what.said().forEach(one::say);
            one.remember(what.lastKnown());
            boolean first = !one.known();
            one.nowKnown();
            if (look(one) || first) {
              news.add(subject);
            }
          }
        });
  }

  /**
   * A router's words have changed.
   *
   * @return false: the generation is newer than every one that is known to be valid, so the table of leases is to be
   *     looked at; its words count from then on
   */
  public boolean changed(TermId term, List<Change> changes) {
    for (Change change : changes) {
      Watched one = watched.get(change.subject());
      if (one != null) {
        one.say(term, change.said());
        one.remember(change.lastKnown());
        if (look(one)) {
          news.add(change.subject());
        }
      }
    }
    return terms.containsKey(term) || term.generation() <= newest.getOrDefault(term.node(), 0L);
  }

  /** The table of leases as it is now. */
  public void leases(Collection<Term> valid, long now) {
    Map<TermId, Term> next = new LinkedHashMap<>();
    valid.forEach(term -> next.put(term.id(), term));
    Set<TermId> ended = new HashSet<>(terms.keySet());
    ended.removeAll(next.keySet());
    Set<TermId> begun = new HashSet<>(next.keySet());
    begun.removeAll(terms.keySet());
    terms.clear();
    terms.putAll(next);
    next.keySet().forEach(term -> newest.merge(term.node(), term.generation(), Math::max));
    newest.keySet().retainAll(nodes());
    boolean wasSettling = settling;
    settleOn(now);
    if (wasSettling && !settling) {
      lookAtAll(ended);
    } else if (!ended.isEmpty() || !begun.isEmpty()) {
      watched.forEach(
          (subject, one) -> {
            if ((one.forget(ended) | one.hasWordOf(begun)) && look(one)) {
              news.add(subject);
            }
          });
    }
  }

  /** Begins to settle, whatever there was, until this time. */
  public void settle(long until) {
    settling = true;
    settledAt = until;
    awaited = null;
  }

  /**
   * Begins to settle until this time, or until all these routers have replayed under generations that are not known yet.
   * If it settles already whatever there was, it goes on with that.
   */
  public void settle(long until, Set<String> routers) {
    if (settling && awaited == null) {
      settledAt = until;
      return;
    }
    settling = true;
    settledAt = until;
    Map<String, Long> missing = new HashMap<>();
    routers.forEach(router -> missing.put(router, newest.getOrDefault(router, 0L)));
    awaited = missing;
  }

  /** Time has passed. */
  public void tick(long now) {
    boolean wasSettling = settling;
    settleOn(now);
    if (wasSettling && !settling) {
      lookAtAll(Set.of());
    }
  }

  private void settleOn(long now) {
    if (!settling) {
      return;
    }
    Map<String, Long> missing = awaited;
    if (missing != null) {
      for (Term term : terms.values()) {
        Long notEnough = missing.get(term.id().node());
        if (notEnough != null && term.replayed() && term.id().generation() > notEnough) {
          missing.remove(term.id().node());
        }
      }
    }
    settling = now - settledAt < 0 && (missing == null || !missing.isEmpty());
  }

  private void lookAtAll(Set<TermId> ended) {
    List<SubjectKey> differing = new ArrayList<>();
    watched.forEach(
        (subject, one) -> {
          one.forget(ended);
          if (look(one)) {
            differing.add(subject);
          }
        });
    news.addAll(differing);
  }

  private boolean look(Watched one) {
    return one.look(terms.keySet(), settling);
  }
}
