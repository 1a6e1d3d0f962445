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
  private static final int OVERHEAD = 128;

  private static final int SCARCE_PERCENT = 95;
  private static final int MEASURE_PERCENT = 90;

  private long bytes;
  private long maxBytes = Long.MAX_VALUE;

  void measured(Tail tail) {
    bytes = tail.bytes();
    maxBytes = tail.maxBytes();
  }

  /** What the log takes, about. */
  long bytes() {
    return bytes;
  }

  /** What it may take; {@link Long#MAX_VALUE}: anything. */
  long maxBytes() {
    return maxBytes;
  }

  /** A record was appended. */
  void took(int size, int keyLength) {
    bytes += size + keyLength + OVERHEAD;
  }

  /** The broker takes nothing more. */
  void exhausted() {
    bytes = Math.max(bytes, maxBytes);
  }

  /** Only what an owner needs, or what makes room, may still be appended. */
  boolean scarce() {
    return above(SCARCE_PERCENT);
  }

  /** So full that an exact measurement is worth a request: what was erased since the last one does not show. */
  boolean toBeMeasured() {
    return above(MEASURE_PERCENT);
  }

  private boolean above(int percent) {
    return maxBytes != Long.MAX_VALUE && bytes >= maxBytes / 100 * percent;
  }
}
