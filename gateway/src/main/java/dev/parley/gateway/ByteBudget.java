package dev.parley.gateway;

/**
 * How many bytes many may hold together, so that what each of them may hold need not fit into memory as often as there
 * are holders. Thread-safe.
 */
final class ByteBudget {
  private final long limit;
  private long held;

  /** Nothing of it is held. */
  ByteBudget(long limit) {
    this.limit = limit;
  }

  /** For one more holder, who holds nothing yet. */
  Share share() {
    return new Share();
  }

  /** How many bytes are held now. */
  synchronized long held() {
    return held;
  }

  private synchronized boolean change(long bytes) {
    if (bytes > 0 && held + bytes > limit) {
      return false;
    }
    held += bytes;
    return true;
  }

  /** What one of them holds. Thread-safe. */
  final class Share {
    private long bytes;
    private boolean closed;

    private Share() {}

    /**
     * Holds so many bytes from now on, more or fewer than before.
     *
     * @return false: there is no room for more, or the share is closed; what is held has not changed
     */
    synchronized boolean hold(long now) {
      if (closed || !change(now - bytes)) {
        return false;
      }
      bytes = now;
      return true;
    }

    /** Holds nothing any more, for ever. */
    synchronized void close() {
      closed = true;
      change(-bytes);
      bytes = 0;
    }
  }
}
