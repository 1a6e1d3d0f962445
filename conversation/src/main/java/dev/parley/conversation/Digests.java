package dev.parley.conversation;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 in the few shapes that ids and fingerprints need. */
final class Digests {
  private Digests() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Adds a text as UTF-8 behind its length in bytes (4 bytes, big-endian), so that two texts cannot run together. */
  static void addLengthPrefixed(MessageDigest digest, byte[] text) {
    addInt(digest, text.length);
    digest.update(text);
  }

  static void addInt(MessageDigest digest, int value) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(value).flip());
  }

  /** The digest's first 8 bytes, big-endian. */
  static long firstLong(byte[] digest) {
    return ByteBuffer.wrap(digest).getLong();
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
