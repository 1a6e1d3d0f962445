package dev.parley.dispatcher.shard;

import dev.parley.chassis.config.Setting;
import java.time.Duration;

/** When people are told, and for how long it is tried. */
public record DispatchTimes(
    @Setting(value = "3s", doc = "How long a message may take to be acknowledged or read before anybody is told of it.")
    Duration grace,
    @Setting(value = "12h", doc = "Older messages are not told of any more: the dispatchers were away.")
    Duration stale,
    @Setting(value = "1m", doc = "For so long a push is tried before it becomes a dead letter.")
    Duration patience,
    @Setting(value = "300ms", doc = "How long routers may take to say which devices have a message.")
    Duration question,
    @Setting(value = "7d", doc = "How long a push service keeps a push for a phone that is off.")
    Duration timeToLive) {
  /** Checks that they make sense. */
  public DispatchTimes {
    if (grace.isNegative() || stale.compareTo(grace) <= 0) {
      throw new IllegalArgumentException("stale must be longer than grace, and grace not negative");
    }
    if (patience.toMillis() < 1 || question.toMillis() < 1 || timeToLive.toSeconds() < 1) {
      throw new IllegalArgumentException("patience, question and time-to-live must be positive");
    }
  }
}
