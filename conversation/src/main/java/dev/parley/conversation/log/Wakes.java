package dev.parley.conversation.log;

import java.util.function.Consumer;

/**
 * Short notices to whoever holds sessions of a user, on whichever router. Best effort: nothing is stored, and a notice
 * may be lost, so what it says must be found out otherwise too.
 *
 * <p>Thread-safe.
 */
public interface Wakes {
  /** Sends a notice of at most 4 KiB to all listeners of this user, this router's own included. */
  void wake(String userId, byte[] notice);

  /** Hears the notices of this user from now on, until the subscription is closed; on a thread of the adapter. */
  Subscription listen(String userId, Consumer<byte[]> listener);

  /** Ends a listening. */
  interface Subscription extends AutoCloseable {
    @Override
    void close();
  }
}
