package dev.parley.conversation.log;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Which routers there are. An entry that is not announced again within {@link #TTL} ends by itself, also while the broker
 * is down.
 *
 * <p>Thread-safe. Futures fail with a {@link LogException} and nothing else.
 */
public interface Registry {
  /** How long an announcement holds. */
  Duration TTL = Duration.ofSeconds(3);

  /** Says that a router is there, or that it still is. {@code entry}: at most 4 KiB. The revision of the entry. */
  CompletableFuture<Long> announce(String router, byte[] entry);

  /** Says that a router is gone, without waiting for its entry to end. */
  CompletableFuture<Void> withdraw(String router);

  /**
   * Tells all entries there are, then each change in the order of revisions, until the broker is closed. A change that
   * was overtaken by a later one of the same router may be left out. After a reconnect, entries are told again, and those
   * that ended meanwhile are told as gone.
   *
   * @return completed when all entries that there were have been told
   */
  CompletableFuture<Void> watch(Watcher watcher);

  /** Who is told of routers. Called by one thread at a time. */
  interface Watcher {
    /** A router is there. Revisions grow over all routers. */
    void announced(String router, byte[] entry, long revision);

    /** A router's entry has ended or was withdrawn. */
    void gone(String router, long revision);
  }
}
