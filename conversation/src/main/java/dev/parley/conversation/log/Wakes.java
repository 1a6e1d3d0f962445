package dev.parley.conversation.log;

import java.util.function.Consumer;

/**
 * Short notices to whoever holds sessions of a user, on whichever router. Best effort: nothing is stored, and a notice
 * may be lost, so what it says must be found out otherwise too.
 *
 * <p>Thread-safe.
 */
public interface Wakes {
  /** The largest notice, in bytes: 4 KiB. */
  int MAX_NOTICE_BYTES = 4 * 1024;

  /**
   * Sends a notice to all listeners of this user, this router's own included. Without a connection it is lost.
   *
   * @param notice at most {@link #MAX_NOTICE_BYTES}; a larger one is the caller's fault, an IllegalArgumentException
   */
  void wake(String userId, byte[] notice);

  /** Hears the notices of this user from now on, until the subscription is closed; on a thread of the adapter. */
  Subscription listen(String userId, Consumer<byte[]> listener);

  /** A listening, until it is closed. */
  interface Subscription extends AutoCloseable {
    /** Ends it. A notice that is on its way may still be heard. Repeating it is harmless. */
    @Override
    void close();
  }
}
