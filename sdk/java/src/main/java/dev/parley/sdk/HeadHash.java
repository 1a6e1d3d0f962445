package dev.parley.sdk;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** One conversation's share in the digest of heads that {@code parley.v1.Heads} defines. */
final class HeadHash {
  private HeadHash() {}

  /** The first 8 bytes, big-endian, of SHA-256 over the 16 bytes of the id and the 8 bytes of the seq. */
  static long of(UUID conversation, long seq) {
    ByteBuffer input = ByteBuffer.allocate(24);
    input.putLong(conversation.getMostSignificantBits()).putLong(conversation.getLeastSignificantBits()).putLong(seq);
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(input.array())).getLong();
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("Every Java platform has SHA-256", impossible);
    }
  }
}
