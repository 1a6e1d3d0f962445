package dev.parley.conversation;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.UUID;

/**
 * Ids of conversations: UUIDs in canonical text, lower case. The version tells where one comes from: 8 is derived from
 * the two users of a direct conversation, 7 was made by the client that created a group.
 */
public final class ConversationIds {
  private static final int UUID_TEXT_LENGTH = 36;
  private static final int VERSION_INDEX = 14;
  private static final int VARIANT_INDEX = 19;

  private ConversationIds() {}

  /**
   * The id of the direct conversation of two users, whichever of them is named first. The same user twice: notes to
   * self.
   */
  public static String direct(String userA, String userB) {
    byte[] a = Digests.utf8(userA);
    byte[] b = Digests.utf8(userB);
    boolean ordered = Arrays.compareUnsigned(a, b) <= 0;
    MessageDigest digest = Digests.sha256();
    Digests.addLengthPrefixed(digest, ordered ? a : b);
    Digests.addLengthPrefixed(digest, ordered ? b : a);
    ByteBuffer hash = ByteBuffer.wrap(digest.digest());
    long high = (hash.getLong() & ~0xF000L) | 0x8000L;
    long low = (hash.getLong() & ~(0b11L << 62)) | (0b10L << 62);
    return new UUID(high, low).toString();
  }

  /** The shard, 0 to {@code shards - 1}, that holds a conversation. */
  public static int shardOf(String conversationId, int shards) {
    long first = Digests.firstLong(Digests.sha256().digest(Digests.utf8(conversationId)));
    return (int) Long.remainderUnsigned(first, shards);
  }

  /** Whether this is an id of a direct conversation. */
  public static boolean isDirect(String id) {
    return isUuid(id) && id.charAt(VERSION_INDEX) == '8';
  }

  /** Whether this is an id that a client may make for a group. */
  public static boolean isClientMade(String id) {
    return isUuid(id) && id.charAt(VERSION_INDEX) == '7';
  }

  /** Whether this is a UUID of any version in canonical text: lower case, with its four dashes. */
  public static boolean isUuid(String id) {
    if (id.length() != UUID_TEXT_LENGTH) {
      return false;
    }
    for (int i = 0; i < UUID_TEXT_LENGTH; i++) {
      char c = id.charAt(i);
      boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash ? c != '-' : !isLowerHex(c)) {
        return false;
      }
    }
    char variant = id.charAt(VARIANT_INDEX);
    return variant == '8' || variant == '9' || variant == 'a' || variant == 'b';
  }

  /** The 16 bytes of an id. */
  public static byte[] bytes(String id) {
    UUID uuid = UUID.fromString(id);
    return ByteBuffer.allocate(16)
        .putLong(uuid.getMostSignificantBits())
        .putLong(uuid.getLeastSignificantBits())
        .array();
  }

  private static boolean isLowerHex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  }
}
