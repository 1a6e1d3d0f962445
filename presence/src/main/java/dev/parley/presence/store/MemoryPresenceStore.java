package dev.parley.presence.store;

import dev.parley.internal.v1.LastKnown;
import dev.parley.internal.v1.VersionedSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps presence in this process. Several instances may share it; each one opens it. Futures are complete when they are
 * returned, and listeners are called by the thread that writes. Thread-safe.
 */
public final class MemoryPresenceStore implements PresenceStore {
  private final LongSupplier clockMicros;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final Map<String, TreeMap<Long, Lease>> leases = new HashMap<>();
  private final Map<TermId, Map<SubjectKey, Versioned>> said = new HashMap<>();
  private final Map<SubjectKey, LastKnown> remembered = new HashMap<>();
  private long epoch;
  private long version;

  private static final class Lease {
    private final long incarnation;
    private boolean replayed;
    private long endsMicros;

    private Lease(long incarnation, long endsMicros) {
      this.incarnation = incarnation;
      this.endsMicros = endsMicros;
    }
  }

  /** An empty store. {@code clockMicros}: the time in microseconds, never going back. */
  public MemoryPresenceStore(LongSupplier clockMicros) {
    this.clockMicros = clockMicros;
    this.epoch = clockMicros.getAsLong();
  }

  @Override
  public void open(Listener listener) {
    listeners.add(listener);
    listener.up();
  }

  /** Loses everything, as a Redis that starts anew. */
  public synchronized void empty() {
    leases.clear();
    said.clear();
    remembered.clear();
    epoch = Math.max(epoch + 1, clockMicros.getAsLong());
    version = 0;
  }

  @Override
  public synchronized CompletableFuture<Long> register(String node, long incarnation, Duration lease) {
    long now = clockMicros.getAsLong();
    forgetEnded(now);
    TreeMap<Long, Lease> terms = leases.computeIfAbsent(node, unused -> new TreeMap<>());
    long generation = terms.isEmpty() ? now : Math.max(terms.lastKey() + 1, now);
    terms.put(generation, new Lease(incarnation, now + micros(lease)));
    version = Math.max(version + 1, now);
    while (terms.size() > TERMS_OF_A_NODE) {
      said.remove(new TermId(node, terms.pollFirstEntry().getKey()));
    }
    return CompletableFuture.completedFuture(generation);
  }

  @Override
  public synchronized CompletableFuture<Leases> renew(Map<String, Long> incarnations, Duration lease) {
    long now = clockMicros.getAsLong();
    forgetEnded(now);
    List<Term> table = new ArrayList<>();
    leases.forEach(
        (node, terms) ->
            terms.forEach(
                (generation, term) -> {
                  Long renewed = incarnations.get(node);
                  if (renewed != null && renewed == term.incarnation) {
                    term.endsMicros = now + micros(lease);
                  }
                  Duration left = Duration.ofNanos((term.endsMicros - now) * 1000);
                  table.add(new Term(new TermId(node, generation), term.incarnation, term.replayed, left));
                }));
    return CompletableFuture.completedFuture(new Leases(epoch, version, table));
  }

  private void forgetEnded(long now) {
    leases.forEach(
        (node, terms) ->
            terms
                .entrySet()
                .removeIf(
                    term -> {
                      boolean ended = term.getValue().endsMicros <= now;
                      if (ended) {
                        said.remove(new TermId(node, term.getKey()));
                        version = Math.max(version + 1, now);
                      }
                      return ended;
                    }));
    leases.values().removeIf(TreeMap::isEmpty);
  }

  @Override
  public CompletableFuture<Integer> apply(TermId term, int partition, List<Change> changes) {
    List<Change> differing = write(term, changes);
    if (!differing.isEmpty()) {
      for (Listener listener : listeners) {
        listener.changed(term, differing.stream().filter(change -> listener.wants(change.subject())).toList());
      }
    }
    return CompletableFuture.completedFuture(differing.size());
  }

  private synchronized List<Change> write(TermId term, List<Change> changes) {
    Map<SubjectKey, Versioned> words = said.computeIfAbsent(term, unused -> new HashMap<>());
    List<Change> differing = new ArrayList<>();
    for (Change change : changes) {
      Versioned before = words.get(change.subject());
      Versioned now = change.said();
      boolean differs =
          before == null || now.version() > before.version() && !now.value().equals(before.value());
      if (differs) {
        words.put(change.subject(), now);
      }
      LastKnown memory = change.lastKnown();
      LastKnown old = remembered.get(change.subject());
      if (memory != null) {
        memory = later(old, memory);
        remembered.put(change.subject(), memory);
      }
      if (differs || memory != null && !memory.equals(old)) {
        differing.add(new Change(change.subject(), differs || before == null ? now : before, memory));
      }
    }
    return differing;
  }

  private static LastKnown later(@Nullable LastKnown old, LastKnown now) {
    if (old == null) {
      return now;
    }
    VersionedSettings settings =
        old.getSettings().getRevision() > now.getSettings().getRevision() ? old.getSettings() : now.getSettings();
    return LastKnown.newBuilder()
        .setSettings(settings)
        .setSeenMs(Math.max(old.getSeenMs(), now.getSeenMs()))
        .build();
  }

  @Override
  public synchronized CompletableFuture<Boolean> replayed(TermId id) {
    forgetEnded(clockMicros.getAsLong());
    TreeMap<Long, Lease> terms = leases.get(id.node());
    Lease lease = terms == null ? null : terms.get(id.generation());
    if (terms == null || lease == null) {
      return CompletableFuture.completedFuture(false);
    }
    lease.replayed = true;
    terms
        .headMap(id.generation())
        .entrySet()
        .removeIf(
            term -> {
              boolean dropped = term.getValue().incarnation == lease.incarnation;
              if (dropped) {
                said.remove(new TermId(id.node(), term.getKey()));
                version = Math.max(version + 1, clockMicros.getAsLong());
              }
              return dropped;
            });
    return CompletableFuture.completedFuture(true);
  }

  @Override
  public synchronized CompletableFuture<Reading> read(Collection<SubjectKey> subjects, Collection<TermId> terms) {
    Map<SubjectKey, Found> found = new HashMap<>();
    for (SubjectKey subject : subjects) {
      Map<TermId, Versioned> words = new HashMap<>();
      for (TermId term : terms) {
        Versioned word = said.getOrDefault(term, Map.of()).get(subject);
        if (word != null) {
          words.put(term, word);
        }
      }
      found.put(subject, new Found(words, remembered.get(subject)));
    }
    return CompletableFuture.completedFuture(new Reading(version, found));
  }

  @Override
  public synchronized CompletableFuture<Integer> countUsers(TermId term) {
    long users =
        said.getOrDefault(term, Map.of()).entrySet().stream()
            .filter(word -> word.getKey().kind() == SubjectKey.Kind.USER && !word.getValue().gone())
            .count();
    return CompletableFuture.completedFuture(Math.toIntExact(users));
  }

  private static long micros(Duration duration) {
    return duration.toNanos() / 1000;
  }

  @Override
  public void close() {
    listeners.clear();
  }
}
