package dev.parley.chassis.auth;

import java.time.Instant;

/** Which tokens were ended before their time. Asked for each call: never blocks. Thread-safe. */
@FunctionalInterface
public interface Revocations {
  /** No token was. */
  Revocations NONE = userId -> Instant.EPOCH;

  /** A user's tokens that were issued before this time are not accepted; {@link Instant#EPOCH}: all are. */
  Instant issuedBefore(String userId);
}
