package dev.parley.bench;

/**
 * What a fault meant to the clients, from when it happened until the next one.
 *
 * @param fault what happened
 * @param atMillis when, since the measured window began
 * @param waits what clients had to put up with
 * @param caughtUpMicros from when the fault was done until something came late for the last time; 0: nothing did
 */
public record FaultResult(Fault fault, long atMillis, Waits waits, long caughtUpMicros) {

  String json() {
    return "{\"fault\": \"" + fault.name() + "\", \"at_ms\": " + atMillis + ", \"caught_up_ms\": "
        + Numbers.millis(caughtUpMicros) + ", " + waits.json() + "}";
  }

  String text() {
    return "%-12s at %d ms: caught up after %s ms, %s"
        .formatted(fault.name(), atMillis, Numbers.millis(caughtUpMicros), waits.text());
  }
}
