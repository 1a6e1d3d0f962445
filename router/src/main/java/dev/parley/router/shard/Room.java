package dev.parley.router.shard;

import dev.parley.conversation.log.ShardLog.Tail;

/**
 * How full a shard is. The last part of its room is kept for what an owner needs and for what makes room: a shard that
 * is full to the brim cannot even be taken over.
 *
 * <p>Belongs to the shard's thread. Between two measurements it counts what was appended.
 */
final class Room {
  /** What a message takes in the broker beyond its record and key, at most. */
  private static final int OVERHEAD = 100;

  private static final int SCARCE_PERCENT = 95;
  private static final int MEASURE_PERCENT = 90;

  private final ShardContext context;
  private long bytes;
  private long maxBytes = Long.MAX_VALUE;
  private boolean measuring;

  Room(ShardContext context) {
    this.context = context;
  }

  /** Asks the log if it seems to be rather full: what was erased since the last time does not show. Called now and then. */
  void measure() {
    if (measuring || !above(MEASURE_PERCENT)) {
      return;
    }
    measuring = true;
    context
        .log()
        .tail()
        .whenComplete(Completion.seen(
            (tail, failure) -> {
              measuring = false;
              if (failure == null) {
                measured(tail);
              }
            }));
  }

  void measured(Tail tail) {
    bytes = tail.bytes();
    maxBytes = tail.maxBytes();
  }

  /** What the log takes of its room, as far as this owner knows. */
  long bytes() {
    return bytes;
  }

  /** Tells how full the log is, if that is known. */
  void tell() {
    if (maxBytes != Long.MAX_VALUE && maxBytes > 0) {
      context.metrics().filled(context.shard(), (double) bytes / maxBytes);
    }
  }

  /** What it may take; {@link Long#MAX_VALUE}: anything. */
  long maxBytes() {
    return maxBytes;
  }

  /** What a record takes, at most. */
  static long of(int size, int keyLength) {
    return (long) size + keyLength + OVERHEAD;
  }

  /** A record was appended that takes so much. */
  void took(long room) {
    bytes += room;
  }

  /** The broker takes nothing more. */
  void exhausted() {
    if (maxBytes != Long.MAX_VALUE) {
      bytes = Math.max(bytes, maxBytes);
    }
  }

  /** With so many bytes more only what an owner needs, or what makes room, may still be appended. */
  boolean scarceWith(long more) {
    return maxBytes != Long.MAX_VALUE && bytes + more >= maxBytes / 100 * SCARCE_PERCENT;
  }

  private boolean above(int percent) {
    return maxBytes != Long.MAX_VALUE && bytes >= maxBytes / 100 * percent;
  }
}
