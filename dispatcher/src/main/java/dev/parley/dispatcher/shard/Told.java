package dev.parley.dispatcher.shard;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** What a user has been told of one conversation and has not read. Belongs to the dispatcher's thread. */
final class Told {
  private final Map<String, Device> byDevice = new HashMap<>(2);
  private long seq;
  private int messages;
  private Instant time = Instant.EPOCH;

  /**
   * One device.
   *
   * @param seq the newest event of which it was told, or given up for it
   * @param shown a provider has taken something for it
   */
  record Device(long seq, boolean shown) {}

  /** The newest event. */
  long seq() {
    return seq;
  }

  /** When it was told of the newest. */
  Instant time() {
    return time;
  }

  /** How many messages the user has not read, that there was a reason to tell of. */
  int messages() {
    return messages;
  }

  /** What was told to this device. */
  Device device(String deviceId) {
    return byDevice.getOrDefault(deviceId, new Device(0, false));
  }

  /** All that were told anything. */
  Map<String, Device> devices() {
    return byDevice;
  }

  void add(String deviceId, long newest, int count, boolean accepted, Instant when) {
    if (newest > seq) {
      seq = newest;
      messages = count;
      time = when;
    }
    Device before = device(deviceId);
    byDevice.put(deviceId, new Device(Math.max(before.seq, newest), before.shown || accepted));
  }
}
