package dev.parley.dispatcher.shard;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** Idempotency keys of pushes: the same whoever makes them, however often. */
final class PushIds {
  private PushIds() {}

  /** SHA-256 of what it tells to whom, as a UUID of version 8 (RFC 9562). */
  static String of(String conversationId, String userId, String deviceId, long seq) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      for (String part : new String[] {conversationId, userId, deviceId, Long.toString(seq)}) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
        sha256.update(bytes);
      }
      ByteBuffer digest = ByteBuffer.wrap(sha256.digest());
      long high = digest.getLong() & 0xffffffffffff0fffL | 0x8000L;
      long low = digest.getLong() & 0x3fffffffffffffffL | 0x8000000000000000L;
      return new UUID(high, low).toString();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
