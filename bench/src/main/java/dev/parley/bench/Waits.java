package dev.parley.bench;

import java.util.Map;
import java.util.StringJoiner;

/**
 * What clients had to put up with.
 *
 * @param longestWaitMicros from when a send was due to its answer, also a refusal
 * @param longestGapMicros without being served: from when a message was due until a recipient had it, or from the loss
 *     of a stream until the client was live again
 * @param reconnects how often a client lost its stream
 * @param handOvers how often one went over to a new stream before the old one ended
 * @param refusedByReason sends that failed after all tries of the SDK
 */
public record Waits(
    long longestWaitMicros, long longestGapMicros, long reconnects, long handOvers, Map<String, Long> refusedByReason) {

  /** Sends that failed. */
  public long refused() {
    return refusedByReason.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Members of a JSON object. */
  String json() {
    StringJoiner reasons = new StringJoiner(", ", "{", "}");
    refusedByReason.forEach((reason, count) -> reasons.add("\"" + reason + "\": " + count));
    return "\"refused\": " + refused() + ", \"refused_by_reason\": " + reasons
        + ", \"longest_wait_ms\": " + Numbers.millis(longestWaitMicros)
        + ", \"longest_gap_ms\": " + Numbers.millis(longestGapMicros)
        + ", \"reconnects\": " + reconnects + ", \"hand_overs\": " + handOvers;
  }

  /** For a person, without a line's end. */
  String text() {
    return "refused " + refused() + (refused() == 0 ? "" : " " + refusedByReason)
        + ", longest wait " + Numbers.millis(longestWaitMicros)
        + " ms, longest gap " + Numbers.millis(longestGapMicros)
        + " ms, reconnects " + reconnects + ", hand-overs " + handOvers;
  }
}
