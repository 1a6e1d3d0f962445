package dev.parley.conversation;

import com.google.protobuf.Timestamp;
import java.time.Instant;

/** Protobuf's timestamps from and to Java's instants. */
public final class Timestamps {
  private Timestamps() {}

  /** The same moment as a Protobuf message. */
  public static Timestamp of(Instant instant) {
    return Timestamp.newBuilder().setSeconds(instant.getEpochSecond()).setNanos(instant.getNano()).build();
  }

  /** The same moment as Java's instant. */
  public static Instant toInstant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }
}
