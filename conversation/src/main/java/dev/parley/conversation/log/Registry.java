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

  /** The largest entry, in bytes: 4 KiB. */
  int MAX_ENTRY_BYTES = 4 * 1024;

  /**
   * Says that a router is there, or that it still is.
   *
   * @param router a name of 1 to 512 bytes of any characters
   * @param entry what it says of itself, at most {@link #MAX_ENTRY_BYTES}
   * @return the revision of the entry
   */
  CompletableFuture<Long> announce(String router, byte[] entry);

  /** Says that a router is gone, without waiting for its entry to end. */
  CompletableFuture<Void> withdraw(String router);

  /**
   * Tells all entries there are, then each change in the order of revisions, until the broker is closed. A change that
   * was overtaken by a later one of the same router may be left out. After a reconnect, entries are told again, and those
   * that ended meanwhile are told as gone: with the newest revision told so far when the broker no longer knows theirs.
   *
   * @return completed when all entries that there were have been told
   */
  CompletableFuture<Void> watch(Watcher watcher);

  /** Who is told of routers. Called by one thread at a time. */
  interface Watcher {
    /** A router is there. Revisions grow over all routers; an entry that is told again has the same. */
    void announced(String router, byte[] entry, long revision);

    /** The entry of a router that was told as there has ended or was withdrawn. */
    void gone(String router, long revision);
  }
}
