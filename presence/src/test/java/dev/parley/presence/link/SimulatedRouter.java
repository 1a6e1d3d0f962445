package dev.parley.presence.link;

import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.NodeHello;
import dev.parley.internal.v1.RoomOnNode;
import dev.parley.internal.v1.ToPresence;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.UserOnNode;
import dev.parley.presence.store.SubjectKey;
import dev.parley.v1.DevicePresence;
import dev.parley.v1.PresenceState;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a router does on its link, without anything else of a router. */
final class SimulatedRouter {
  final String name;
  final Map<String, TreeMap<String, PresenceState>> users = new HashMap<>();
  final Map<String, TreeSet<String>> rooms = new HashMap<>();
  final Set<SubjectKey> watched = new LinkedHashSet<>();
  final Map<SubjectKey, Told> told = new HashMap<>();
  final Consumer<Told> hear;
  long incarnation;
  boolean alive = true;
  boolean slow;
  boolean available;
  @Nullable Link link;

  /** One link, as both ends see it. */
  final class Link implements Wire {
    private final SimulatedInstance instance;
    private @Nullable NodeLink other;
    private boolean open = true;

    private Link(SimulatedInstance instance) {
      this.instance = instance;
      instance.loop.add(() -> other = instance.core.open(this));
    }

    private void say(ToPresence frame) {
      instance.loop.add(
          () -> {
            if (open && other != null) {
              other.received(frame);
            }
          });
    }

    /** The stream breaks: the instance sees it. */
    void cut() {
      if (open) {
        open = false;
        instance.loop.add(
            () -> {
              if (other != null) {
                other.end(null);
              }
            });
        closed(this);
      }
    }

    void takesFrames() {
      instance.loop.add(
          () -> {
            if (other != null) {
              instance.core.busy(other);
            }
          });
    }

    @Override
    public boolean ready() {
      return open && !slow;
    }

    @Override
    public void send(FromPresence frame) {
      if (open && link == this) {
        received(frame);
      }
    }

    @Override
    public void more() {}

    @Override
    public void end(StatusRuntimeException reason) {
      open = false;
      closed(this);
    }
  }

  SimulatedRouter(String name, Consumer<Told> hear) {
    this.name = name;
    this.hear = hear;
  }

  void linkTo(SimulatedInstance instance) {
    if (link != null || !alive) {
      return;
    }
    Link now = new Link(instance);
    link = now;
    now.say(
        ToPresence.newBuilder().setHello(NodeHello.newBuilder().setNode(name).setIncarnation(incarnation)).build());
    if (!watched.isEmpty()) {
      now.say(ToPresence.newBuilder().addAllWatch(watched.stream().map(SubjectKey::toSubject).toList()).build());
    }
  }

  private void closed(Link ended) {
    if (link == ended) {
      link = null;
      available = false;
    }
  }

  private void received(FromPresence frame) {
    if (frame.hasAvailable()) {
      available = frame.getAvailable();
    }
    frame
        .getToldList()
        .forEach(
            one -> {
              SubjectKey subject = java.util.Objects.requireNonNull(SubjectKey.of(one.getSubject()));
              if (watched.contains(subject)) {
                told.put(subject, one);
                hear.accept(one);
              }
            });
    if (frame.hasReplay()) {
      ToPresence.Builder all = ToPresence.newBuilder().setReplayed(frame.getReplay().getGeneration());
      users.keySet().forEach(user -> all.addEntries(entry(SubjectKey.user(user))));
      rooms.keySet().forEach(room -> all.addEntries(entry(SubjectKey.room(room))));
      say(all.build());
    }
  }

  private void say(ToPresence frame) {
    if (link != null) {
      link.say(frame);
    }
  }

  void heartbeat() {
    say(ToPresence.getDefaultInstance());
  }

  void device(String user, String device, @Nullable PresenceState state) {
    TreeMap<String, PresenceState> devices = users.computeIfAbsent(user, unused -> new TreeMap<>());
    if (state == null) {
      devices.remove(device);
    } else {
      devices.put(device, state);
    }
    if (devices.isEmpty()) {
      users.remove(user);
    }
    say(ToPresence.newBuilder().addEntries(entry(SubjectKey.user(user))).build());
  }

  void room(String room, String user, boolean inView) {
    TreeSet<String> inside = rooms.computeIfAbsent(room, unused -> new TreeSet<>());
    if (inView) {
      inside.add(user);
    } else {
      inside.remove(user);
    }
    if (inside.isEmpty()) {
      rooms.remove(room);
    }
    say(ToPresence.newBuilder().addEntries(entry(SubjectKey.room(room))).build());
  }

  private NodeEntry entry(SubjectKey subject) {
    NodeEntry.Builder entry = NodeEntry.newBuilder().setSubject(subject.toSubject());
    if (subject.kind() == SubjectKey.Kind.USER && users.containsKey(subject.id())) {
      entry.setUser(UserOnNode.newBuilder().addAllDevices(devices(users.get(subject.id()))));
    } else if (subject.kind() == SubjectKey.Kind.ROOM && rooms.containsKey(subject.id())) {
      TreeSet<String> inside = rooms.getOrDefault(subject.id(), new TreeSet<>());
      entry.setRoom(RoomOnNode.newBuilder().setCount(inside.size()).addAllUserIds(inside));
    }
    return entry.build();
  }

  static List<DevicePresence> devices(@Nullable Map<String, PresenceState> states) {
    List<DevicePresence> devices = new ArrayList<>();
    if (states != null) {
      states.forEach(
          (device, state) -> devices.add(DevicePresence.newBuilder().setDeviceId(device).setState(state).build()));
    }
    return devices;
  }

  void watch(SubjectKey subject) {
    if (watched.add(subject)) {
      told.remove(subject);
      say(ToPresence.newBuilder().addWatch(subject.toSubject()).build());
    }
  }

  void unwatch(SubjectKey subject) {
    if (watched.remove(subject)) {
      told.remove(subject);
      say(ToPresence.newBuilder().addUnwatch(subject.toSubject()).build());
    }
  }

  /** All its clients are gone with it. */
  void die() {
    alive = false;
    users.clear();
    rooms.clear();
    told.clear();
    if (link != null) {
      link.cut();
    }
  }

  void live() {
    if (!alive) {
      alive = true;
      incarnation++;
    }
  }
}
