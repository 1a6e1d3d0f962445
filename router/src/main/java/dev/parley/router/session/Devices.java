package dev.parley.router.session;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Which sessions a device has. Normally one; two while a client moves over, so that it never is without. Thread-safe.
 */
final class Devices {
  private final Map<Key, ArrayDeque<Displaceable>> sessions = new HashMap<>();
  private final Map<String, Integer> devicesPerUser = new HashMap<>();
  private final int maxDevicesPerUser;

  private record Key(String userId, String device) {}

  /** A session as seen from other threads. */
  interface Displaceable {
    /** Ends the session: another one of its device has taken its place. */
    void displace();
  }

  Devices(int maxDevicesPerUser) {
    this.maxDevicesPerUser = maxDevicesPerUser;
  }

  /** A session has said Hello. Of more than two, the oldest goes; false: the user has too many devices here. */
  synchronized boolean opened(String userId, String device, Displaceable session) {
    Key key = new Key(userId, device);
    ArrayDeque<Displaceable> ofDevice = sessions.get(key);
    if (ofDevice == null) {
      if (devicesPerUser.getOrDefault(userId, 0) >= maxDevicesPerUser) {
        return false;
      }
      devicesPerUser.merge(userId, 1, Integer::sum);
      ofDevice = new ArrayDeque<>(2);
      sessions.put(key, ofDevice);
    }
    ofDevice.addLast(session);
    if (ofDevice.size() > 2) {
      ofDevice.removeFirst().displace();
    }
    return true;
  }

  /** A session has caught up: older ones of its device go. */
  synchronized void caughtUp(String userId, String device, Displaceable session) {
    ArrayDeque<Displaceable> ofDevice = sessions.get(new Key(userId, device));
    while (ofDevice != null && ofDevice.contains(session) && ofDevice.peekFirst() != session) {
      ofDevice.removeFirst().displace();
    }
  }

  /** A session is over. */
  synchronized void closed(String userId, String device, Displaceable session) {
    Key key = new Key(userId, device);
    ArrayDeque<Displaceable> ofDevice = sessions.get(key);
    if (ofDevice != null && ofDevice.remove(session) && ofDevice.isEmpty()) {
      sessions.remove(key);
      devicesPerUser.computeIfPresent(userId, (user, count) -> count == 1 ? null : count - 1);
    }
  }
}
