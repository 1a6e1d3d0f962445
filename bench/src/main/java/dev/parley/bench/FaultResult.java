package dev.parley.bench;

/**
 * What a fault meant to the clients, from when it happened until the next one.
 *
 * @param fault what happened
 * @param atMillis when, since the measured window began
 * @param waits what clients had to put up with
 * @param caughtUpMicros from when the fault was done until something came late for the last time; 0: nothing did
 * @param p99Micros the 99th percentile of the delivery's latency from then on
 */
public record FaultResult(Fault fault, long atMillis, Waits waits, long caughtUpMicros, long p99Micros) {

  String json() {
    return "{\"fault\": \"" + fault.name() + "\", \"at_ms\": " + atMillis + ", \"caught_up_ms\": "
        + Numbers.millis(caughtUpMicros) + ", \"p99_ms\": " + Numbers.millis(p99Micros) + ", " + waits.json() + "}";
  }

  String text() {
    return "%-13s at %d ms: caught up after %s ms, p99 %s ms, %s".formatted(
        fault.name(), atMillis, Numbers.millis(caughtUpMicros), Numbers.millis(p99Micros), waits.text());
  }
}
