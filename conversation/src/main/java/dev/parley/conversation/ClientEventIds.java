package dev.parley.conversation;

import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** Ids that clients make for their commands: UUIDv7 in canonical text, whose first 48 bits are a time in ms. */
public final class ClientEventIds {
  private ClientEventIds() {}

  /** A new id for a command of this moment. Unique by 74 random bits; no secret. */
  public static String create(Instant now) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long high = (now.toEpochMilli() << 16) | 0x7000L | random.nextLong(1 << 12);
    long low = (random.nextLong() >>> 2) | (0b10L << 62);
    return new UUID(high, low).toString();
  }

  /** The time in a valid id, in whole milliseconds. */
  public static Instant timeOf(String id) {
    return Instant.ofEpochMilli(UUID.fromString(id).getMostSignificantBits() >>> 16);
  }

  /** Whether this is a UUIDv7 in canonical text. */
  public static boolean isValid(String id) {
    return ConversationIds.isClientMade(id);
  }
}
