package dev.parley.presence.store;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Where the instances of presence keep what routers say, and hear of each other's writes. Its clock decides leases.
 *
 * <p>Every future fails with a {@link PresenceStoreException} when the store does not answer in time or cannot be
 * reached; whether a write took place is then not known. Futures complete, and the listener is called, on threads of the
 * store. Calls to one router's generation take effect in their order while none fails. Thread-safe.
 */
public interface PresenceStore extends AutoCloseable {
  /** How many generations of one router are kept while it replays none of them to the end. */
  int TERMS_OF_A_NODE = 8;

  /** Is told what others write. */
  interface Listener {
    /** From now on every change is heard, and calls may succeed; what was changed before may have been missed. */
    void up();

    /** From now on changes may be missed and calls fail. */
    void down();

    /** Whether changes of this subject are to be told; called on any thread, for every change there is. */
    boolean wants(SubjectKey subject);

    /**
     * A router's words have changed. The order is that of the writes, for each router and subject.
     *
     * @param changes those that are wanted; may be none
     */
    void changed(TermId term, List<Change> changes);
  }

  /**
   * What has been read.
   *
   * @param version {@link Leases#version} after it was read: if it is another one than that of the generations asked for,
   *     others were valid, and what was found does not tell everything
   * @param found each subject that was asked for
   */
  record Reading(long version, Map<SubjectKey, Found> found) {}

  /** Begins to work and to tell; called once. */
  void open(Listener listener);

  /** Draws a generation for a router, with a lease. Those before stay valid until {@link #replayed}. */
  CompletableFuture<Long> register(String node, long incarnation, Duration lease);

  /**
   * Renews the leases of these routers, all generations of their incarnation, and tells the whole table. Before it is
   * told, the listener has been told every change that took place before.
   *
   * @param incarnations by the router's name
   */
  CompletableFuture<Leases> renew(Map<String, Long> incarnations, Duration lease);

  /**
   * Writes what differs and tells it to everybody who listens.
   *
   * @param changes of subjects of this partition, each at most once
   * @return how many differed
   */
  CompletableFuture<Integer> apply(TermId term, int partition, List<Change> changes);

  /**
   * A router has said everything under this generation: the earlier ones of the same incarnation are dropped.
   *
   * @return whether the generation is still valid; if not, nothing has been done
   */
  CompletableFuture<Boolean> replayed(TermId term);

  /** Reads subjects as these generations have them. */
  CompletableFuture<Reading> read(Collection<SubjectKey> subjects, Collection<TermId> terms);

  /** How many users have something said of them under a generation. Costs a walk through all of them. */
  CompletableFuture<Integer> countUsers(TermId term);

  /** Ends the connections; the listener is not called any more. */
  @Override
  void close();
}
