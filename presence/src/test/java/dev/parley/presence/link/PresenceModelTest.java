package dev.parley.presence.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.internal.v1.RoomOnNode;
import dev.parley.internal.v1.Told;
import dev.parley.presence.store.MemoryPresenceStore;
import dev.parley.presence.store.SubjectKey;
import dev.parley.v1.DevicePresence;
import dev.parley.v1.PresenceState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Routers, clients and faults in random order, over a clock that is moved: at the end everybody sees what is so. A few
 * seeds here, many in {@code PresenceModelIT}.
 */
class PresenceModelTest {
  /** Every other run is too short for a replay that would mend what was missed. */
  private static LinkTimes times(int seed) {
    return new LinkTimes(
        Duration.ofSeconds(1),
        Duration.ofSeconds(3),
        Duration.ofSeconds(10),
        Duration.ofSeconds(3),
        seed % 2 == 0 ? Duration.ofSeconds(20) : Duration.ofMinutes(10),
        1_000,
        65_536);
  }

  int seeds() {
    return 5;
  }

  @Test
  void whateverHappensEverybodySeesInTheEndWhatIsSo() {
    for (int seed = 0; seed < seeds(); seed++) {
      Run run = new Run(seed);
      for (int i = 0; i < 60; i++) {
        run.act(run.random.nextInt(100));
        run.mix();
      }
      run.becomeQuiet();
      run.check();
    }
  }

  @Test
  void whoIsThereThroughoutIsNeverToldOffline() {
    for (int seed = 0; seed < seeds(); seed++) {
      Run run = new Run(seed);
      run.routers.getFirst().device("steady", "phone", PresenceState.PRESENCE_STATE_ONLINE);
      run.becomeQuiet();
      run.steady = true;
      for (int i = 0; i < 40; i++) {
        run.act(run.random.nextInt(Run.FAULTS_FROM));
        run.mix();
      }
      run.becomeQuiet();
      run.check();
    }
  }

  private static final class Run {
    /** Actions from here on are faults. */
    static final int FAULTS_FROM = 82;

    final Random random;
    final int seed;
    final List<SimulatedRouter> routers = new ArrayList<>();
    final List<SimulatedInstance> instances = new ArrayList<>();
    final MemoryPresenceStore shared;
    boolean steady;
    private long nanos = 1;
    private long tickedAt;

    Run(int seed) {
      this.seed = seed;
      this.random = new Random(seed);
      this.shared = new MemoryPresenceStore(() -> 1_000_000 + nanos / 1000);
      instances.add(instance());
      instances.add(instance());
      for (String name : List.of("a", "b", "c")) {
        routers.add(new SimulatedRouter(name, this::heard));
      }
    }

    private SimulatedInstance instance() {
      return new SimulatedInstance("presence", times(seed), shared, random, () -> nanos);
    }

    private void heard(Told told) {
      if (steady && told.getSubject().getUserId().equals("steady") && told.hasUser()) {
        assertThat(told.getUser().getDevicesList()).as("seed %s: who is there", seed).isNotEmpty();
      }
    }

    private <T> T any(List<T> all) {
      return all.get(random.nextInt(all.size()));
    }

    void act(int what) {
      SimulatedRouter router = any(routers);
      SimulatedInstance instance = any(instances);
      String user = "user-" + random.nextInt(4);
      if (what < 30) {
        PresenceState state =
            what < 10 ? null : what < 20 ? PresenceState.PRESENCE_STATE_AWAY : PresenceState.PRESENCE_STATE_ONLINE;
        if (router.alive) {
          router.device(user, "device-" + random.nextInt(2), state);
        }
      } else if (what < 45) {
        if (router.alive) {
          router.room("room-" + random.nextInt(2), user, what < 39);
        }
      } else if (what < 62) {
        router.watch(what < 50 ? SubjectKey.room("room-" + random.nextInt(2)) : watchable(user));
      } else if (what < 70) {
        router.unwatch(watchable(user));
      } else if (what < 74 && router.link != null) {
        router.link.cut();
      } else if (what < 78) {
        router.slow = !router.slow;
      } else if (what < FAULTS_FROM) {
        advance(random.nextInt(4_000));
      } else {
        fault(what, router, instance);
      }
    }

    private SubjectKey watchable(String user) {
      return SubjectKey.user(random.nextInt(3) == 0 ? "steady" : user);
    }

    private void fault(int what, SimulatedRouter router, SimulatedInstance instance) {
      if (what < 86) {
        instance.store.losses(random.nextInt(30));
      } else if (what < 89) {
        instance.store.goDown();
      } else if (what < 92) {
        instance.store.comeUp();
      } else if (what < 94) {
        shared.empty();
      } else if (what < 97) {
        router.die();
      } else {
        instance.end();
        instances.set(instances.indexOf(instance), instance());
      }
    }

    /** Some of what travels arrives, and time passes. */
    void mix() {
      for (int i = random.nextInt(40); i > 0; i--) {
        step();
      }
      advance(random.nextInt(300));
    }

    private boolean step() {
      SimulatedInstance instance = any(instances);
      return random.nextBoolean() ? instance.step() : instance.store.step();
    }

    private void advance(long millis) {
      for (long i = 0; i < millis; i += 50) {
        nanos += Duration.ofMillis(50).toNanos();
        if (nanos - tickedAt >= Duration.ofMillis(100).toNanos()) {
          tick();
        }
        for (int steps = 0; steps < 20; steps++) {
          step();
        }
      }
    }

    private void tick() {
      tickedAt = nanos;
      instances.forEach(instance -> instance.loop.add(instance.core::tick));
      for (SimulatedRouter router : routers) {
        router.linkTo(any(instances));
        router.heartbeat();
      }
    }

    void becomeQuiet() {
      instances.forEach(
          instance -> {
            instance.store.losses(0);
            instance.store.comeUp();
            instance.store.hurry();
          });
      for (SimulatedRouter router : routers) {
        router.live();
        router.slow = false;
        if (router.link != null) {
          router.link.takesFrames();
        }
      }
      for (int i = 0; i < 150; i++) {
        nanos += Duration.ofMillis(100).toNanos();
        tick();
        drain();
      }
    }

    private void drain() {
      boolean moved = true;
      while (moved) {
        moved = false;
        for (SimulatedInstance instance : instances) {
          moved |= instance.step() | instance.store.step();
        }
      }
    }

    void check() {
      for (SimulatedRouter router : routers) {
        assertThat(router.available).as("seed %s: %s is linked to what works", seed, router.name).isTrue();
        for (SubjectKey subject : router.watched) {
          assertThat(router.told.get(subject)).as("seed %s: %s sees %s", seed, router.name, subject).isEqualTo(truth(subject));
        }
      }
    }

    private Told truth(SubjectKey subject) {
      Told.Builder told = Told.newBuilder().setSubject(subject.toSubject());
      if (subject.kind() == SubjectKey.Kind.ROOM) {
        TreeSet<String> inside = new TreeSet<>();
        routers.forEach(router -> inside.addAll(router.rooms.getOrDefault(subject.id(), new TreeSet<>())));
        return told.setRoom(RoomOnNode.newBuilder().setCount(inside.size()).addAllUserIds(inside)).build();
      }
      TreeMap<String, PresenceState> devices = new TreeMap<>();
      for (SimulatedRouter router : routers) {
        router
            .users
            .getOrDefault(subject.id(), new TreeMap<>())
            .forEach((device, state) -> devices.merge(device, state, (x, y) -> x.getNumber() > y.getNumber() ? x : y));
      }
      List<DevicePresence> all = SimulatedRouter.devices(devices);
      told.getUserBuilder().addAllDevices(all);
      return told.build();
    }
  }
}
