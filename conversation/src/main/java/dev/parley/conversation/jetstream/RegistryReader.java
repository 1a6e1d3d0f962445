package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Registry;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells a watcher which routers there are. Each consumer tells all of them, so those that it does not tell are gone. */
final class RegistryReader implements BucketWatch.Reader {
  private final Registry.Watcher watcher;
  private final Set<String> there = new HashSet<>();
  private final Set<String> missing = new HashSet<>();
  private volatile long newest;

  RegistryReader(Registry.Watcher watcher) {
    this.watcher = watcher;
  }

  @Override
  public long begin() {
    missing.addAll(there);
    return 1;
  }

  @Override
  public void tell(String router, byte @Nullable [] entry, long revision) {
    missing.remove(router);
    // A broker that was killed may come back for a moment with an entry that had been deleted.
    boolean endedBefore = revision <= newest && !there.contains(router);
    newest = Math.max(newest, revision);
    if (entry != null && !endedBefore) {
      there.add(router);
      watcher.announced(router, entry, revision);
    } else if (entry == null && there.remove(router)) {
      watcher.gone(router, revision);
    }
  }

  /** The newest revision that was told. May be called by any thread. */
  long newest() {
    return newest;
  }

  @Override
  public void allTold() {
    there.removeAll(missing);
    missing.forEach(router -> watcher.gone(router, newest));
    missing.clear();
  }
}
