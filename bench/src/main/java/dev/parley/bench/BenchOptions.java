package dev.parley.bench;

import java.time.Duration;

/**
 * What a run does.
 *
 * @param mode which load
 * @param rate messages a second in, over all conversations
 * @param duration how long is measured
 * @param warmup how long the load runs before that
 * @param clients how many sessions; in mode resume: how many are away
 * @param size bytes of text in a message, at least {@link Payload#MIN_SIZE}
 * @param groups mode group: over how many groups the clients are spread
 * @param missed mode resume: how many messages each client misses
 * @param sharedChannels all sessions over one connection instead of one each
 * @param drain how long a send is tried, and how long what is under way may take after the last one
 * @param check keep every client's history and check it against the final log
 * @param resendEvery one in so many acknowledged sends is sent again with its id, to see whether it gets the same seq;
 *     0: none
 */
public record BenchOptions(
    Mode mode,
    int rate,
    Duration duration,
    Duration warmup,
    int clients,
    int size,
    int groups,
    int missed,
    boolean sharedChannels,
    Duration drain,
    boolean check,
    int resendEvery) {
  /** Which load. */
  public enum Mode {
    /** Clients in twos, each pair with a direct conversation. */
    PAIRS,
    /** Clients in groups. */
    GROUP,
    /** Clients that were away come back, all at once, during load. */
    RESUME
  }

  /** Checks the limits. */
  public BenchOptions {
    if (rate < 1 || clients < 2 || groups < 1 || missed < 0 || duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(
          "A run needs a rate and a duration above 0, at least 2 clients and at least 1 group");
    }
    if (size < Payload.MIN_SIZE || size > 65_536) {
      throw new IllegalArgumentException("The size must lie between " + Payload.MIN_SIZE + " and 65536 bytes");
    }
    if (resendEvery < 0) {
      throw new IllegalArgumentException("One in " + resendEvery + " sends cannot be sent again; 0: none is");
    }
    if (mode == Mode.PAIRS && clients % 2 != 0) {
      throw new IllegalArgumentException("Pairs need an even number of clients");
    }
    if (mode == Mode.GROUP && clients < groups * 2) {
      throw new IllegalArgumentException("Each group needs at least 2 clients");
    }
  }
}
