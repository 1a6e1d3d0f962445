package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.Registry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The routers in memory. It has no thread: an entry whose time is over ends when {@link #expire} is called, which a
 * simulation does after it has moved its clock, and which where there is one router only nobody needs to do.
 *
 * <p>Thread-safe. Watchers are told on the thread of whoever changes something, and must not change anything themselves.
 */
public final class MemoryRegistry implements Registry {
  private final MemoryBroker broker;
  private final InstantSource clock;
  private final Map<String, Announced> entries = new LinkedHashMap<>();
  private final List<Watcher> watchers = new ArrayList<>();
  private long lastRevision;

  MemoryRegistry(MemoryBroker broker, InstantSource clock) {
    this.broker = broker;
    this.clock = clock;
  }

  private record Announced(byte[] entry, long revision, Instant ends) {}

  @Override
  public CompletableFuture<Long> announce(String router, byte[] entry) {
    return broker.answer(() -> announceNow(router, entry));
  }

  private synchronized long announceNow(String router, byte[] entry) {
    if (router.isEmpty() || entry.length > MAX_ENTRY_BYTES) {
      throw new LogException(LogException.Kind.REFUSED, "no name, or an entry of " + entry.length + " bytes");
    }
    Announced announced = new Announced(entry, ++lastRevision, clock.instant().plus(TTL));
    // Behind the others, so that the order is that of the revisions.
    entries.remove(router);
    entries.put(router, announced);
    watchers.forEach(watcher -> watcher.announced(router, entry, announced.revision));
    return announced.revision;
  }

  @Override
  public CompletableFuture<@Nullable Void> withdraw(String router) {
    return broker.answer(() -> {
      end(router);
      return null;
    });
  }

  private synchronized void end(String router) {
    if (router.isEmpty()) {
      throw new LogException(LogException.Kind.REFUSED, "no name");
    }
    if (entries.remove(router) != null) {
      long revision = ++lastRevision;
      watchers.forEach(watcher -> watcher.gone(router, revision));
    }
  }

  /** Ends the entries that were not announced again in time, and tells the watchers. */
  public synchronized void expire() {
    Instant now = clock.instant();
    List<String> over =
        entries.entrySet().stream().filter(entry -> !now.isBefore(entry.getValue().ends)).map(Map.Entry::getKey).toList();
    over.forEach(this::end);
  }

  @Override
  public CompletableFuture<@Nullable Void> watch(Watcher watcher) {
    return broker.answer(() -> {
      synchronized (this) {
        entries.forEach((router, there) -> watcher.announced(router, there.entry, there.revision));
        watchers.add(watcher);
        return null;
      }
    });
  }
}
