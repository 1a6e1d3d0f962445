package dev.parley.presence.table;

import dev.parley.internal.v1.LastKnown;
import dev.parley.internal.v1.RoomOnNode;
import dev.parley.internal.v1.UserOnNode;
import dev.parley.internal.v1.UserView;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.v1.DevicePresence;
import java.util.Collection;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One view out of what several routers say. Pure; the order of the routers does not matter. */
final class Views {
  /** How many users of a room are named. */
  static final int SAMPLE = 20;

  private Views() {}

  /** The union of the devices, of each the more active state; the newest settings; when seen, of one who is not there. */
  static UserView user(Collection<UserOnNode> nodes, @Nullable LastKnown lastKnown) {
    TreeMap<String, DevicePresence> devices = new TreeMap<>();
    VersionedSettings settings =
        lastKnown == null ? VersionedSettings.getDefaultInstance() : lastKnown.getSettings();
    for (UserOnNode node : nodes) {
      for (DevicePresence device : node.getDevicesList()) {
        devices.merge(
            device.getDeviceId(), device, (a, b) -> a.getStateValue() >= b.getStateValue() ? a : b);
      }
      settings = newer(settings, node.getSettings());
    }
    UserView.Builder view = UserView.newBuilder().addAllDevices(devices.values());
    if (!settings.equals(VersionedSettings.getDefaultInstance())) {
      view.setSettings(settings);
    }
    if (devices.isEmpty() && lastKnown != null) {
      view.setSeenMs(lastKnown.getSeenMs());
    }
    return view.build();
  }

  private static VersionedSettings newer(VersionedSettings a, VersionedSettings b) {
    return Long.compareUnsigned(b.getRevision(), a.getRevision()) >= 0 ? b : a;
  }

  /** Exact while every router names all its users; else a user of two routers counts twice. */
  static RoomOnNode room(Collection<RoomOnNode> nodes) {
    TreeSet<String> named = new TreeSet<>();
    long sum = 0;
    boolean complete = true;
    for (RoomOnNode node : nodes) {
      named.addAll(node.getUserIdsList());
      sum += Integer.toUnsignedLong(node.getCount());
      complete &= node.getCount() == node.getUserIdsCount();
    }
    int count = complete ? named.size() : Math.toIntExact(Math.min(sum, Integer.MAX_VALUE));
    return RoomOnNode.newBuilder().setCount(count).addAllUserIds(named.stream().limit(SAMPLE).toList()).build();
  }
}
