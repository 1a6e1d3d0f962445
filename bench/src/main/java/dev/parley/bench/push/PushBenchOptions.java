package dev.parley.bench.push;

import java.time.Duration;

/**
 * What a run is.
 *
 * @param groups groups, each of which gets messages
 * @param members of each, who have a phone and are not connected
 * @param rate pushes a second, over all groups
 * @param size text in each message, in bytes
 * @param warmup load before anything is measured
 * @param duration how long is measured
 * @param grace for how long the dispatcher waits with each message, as it is set there
 */
public record PushBenchOptions(
    int groups, int members, int rate, int size, Duration warmup, Duration duration, Duration grace) {
  private static final int MOST_MEMBERS = 1_000;

  /** Checks that such a run can be. */
  public PushBenchOptions {
    if (groups < 1 || members < 1 || members > MOST_MEMBERS || duration.isZero()) {
      throw new IllegalArgumentException("groups, members (at most " + MOST_MEMBERS + ") and duration must be positive");
    }
    if (rate < members || rate % members != 0) {
      throw new IllegalArgumentException("the rate must be a multiple of the members: a message is a push to each");
    }
    if (rate > groups * members) {
      throw new IllegalArgumentException(
          "at more than " + groups * members + " pushes a second a group would get more than a message a second, and the"
              + " dispatcher would make one push of several: take more groups");
    }
    if (size < ScheduledText.SIZE) {
      throw new IllegalArgumentException("the size must be at least " + ScheduledText.SIZE);
    }
  }

  /** Messages a second, over all groups. */
  int messagesPerSecond() {
    return rate / members;
  }
}
