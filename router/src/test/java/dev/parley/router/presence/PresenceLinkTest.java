package dev.parley.router.presence;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.resilience.BreakerSettings;
import dev.parley.chassis.resilience.Hops;
import dev.parley.chassis.wire.Wire;
import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.PresenceHello;
import dev.parley.internal.v1.Replay;
import dev.parley.internal.v1.ToPresence;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.UserView;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.router.ManualLoop;
import dev.parley.router.ManualTime;
import dev.parley.router.feed.RouterId;
import dev.parley.v1.DevicePresence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PresenceLinkTest {
  private static final Duration MOMENT = Duration.ofMillis(100);
  private static final com.google.protobuf.Duration LEASE =
      com.google.protobuf.Duration.newBuilder().setSeconds(10).build();
  private static final String ROOM = "01900000-0000-7000-8000-000000000001";

  private final ManualTime time = new ManualTime();
  private final Map<String, VersionedSettings> settings = new HashMap<>();
  private final List<FakeWire> wires = new ArrayList<>();
  private final FakeHub hub = new FakeHub();
  private final PresenceLink link = link();
  private boolean tableFails;

  private PresenceLink link() {
    PresenceLink opened =
        new PresenceLink(
            new RouterId("r1", 7),
            new PresenceSurroundings(
                new PresenceLinkSettings(
                    List.of("a:1", "b:2"), Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofSeconds(1), 2),
                (address, ear) -> {
                  wires.add(new FakeWire(address, ear));
                  return wires.getLast();
                },
                user ->
                    tableFails
                        ? CompletableFuture.failedFuture(new IllegalStateException("away"))
                        : CompletableFuture.completedFuture(
                            settings.getOrDefault(user, VersionedSettings.getDefaultInstance())),
                Hops.unmetered(time, new Random(1))
                    .reported("router-presence", new BreakerSettings(50, 4, 3, Duration.ofMillis(500), 1))),
            new ManualLoop(time),
            time,
            List.of(hub));
    opened.start();
    return opened;
  }

  private final class FakeHub implements PresenceHub {
    private final List<String> heard = new ArrayList<>();

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public void told(List<Told> told) {
      told.forEach(one -> heard.add(one.getSubject().getUserId() + " " + one.getUser().getDevicesCount()));
    }

    @Override
    public void available(boolean available) {
      heard.add(available ? "known" : "unknown");
    }
  }

  private static final class FakeWire implements Wire<ToPresence> {
    private final String address;
    private final Ear<FromPresence> ear;
    private final List<ToPresence> sent = new ArrayList<>();
    private boolean ready = true;
    private boolean closed;

    FakeWire(String address, Ear<FromPresence> ear) {
      this.address = address;
      this.ear = ear;
    }

    @Override
    public boolean ready() {
      return ready;
    }

    @Override
    public void send(ToPresence frame) {
      sent.add(frame);
    }

    @Override
    public void close() {
      closed = true;
    }

    /** What was said since the last time, in short words. */
    List<String> words() {
      List<String> words = new ArrayList<>();
      for (ToPresence frame : sent) {
        frame.getEntriesList().forEach(entry -> words.add(word(entry)));
        if (frame.getReplayed() != 0) {
          words.add("replayed " + frame.getReplayed());
        }
        frame.getWatchList().forEach(subject -> words.add("watch " + subject.getUserId()));
        frame.getUnwatchList().forEach(subject -> words.add("unwatch " + subject.getUserId()));
      }
      sent.clear();
      return words;
    }

    private static String word(NodeEntry entry) {
      return switch (entry.getValueCase()) {
        case USER ->
            entry.getSubject().getUserId()
                + entry.getUser().getDevicesList().stream().map(d -> " " + d.getState().name().substring(15)).toList();
        case ROOM -> "room " + entry.getRoom().getUserIdsList();
        case VALUE_NOT_SET ->
            entry.getSubject().hasUserId() ? entry.getSubject().getUserId() + " gone" : "room empty";
      };
    }
  }

  private FakeWire up() {
    time.advance(Duration.ofSeconds(1));
    FakeWire wire = wires.getLast();
    say(FromPresence.newBuilder().setHello(PresenceHello.newBuilder().setInstance("p1").setLease(LEASE)).setAvailable(true));
    say(FromPresence.newBuilder().setReplay(Replay.newBuilder().setGeneration(1)));
    wire.words();
    return wire;
  }

  private void say(FromPresence.Builder frame) {
    wires.getLast().ear.frame(frame.build());
    time.advance(MOMENT);
  }

  private void heartbeats(int seconds) {
    for (int i = 0; i < seconds; i++) {
      time.advance(Duration.ofMillis(900));
      say(FromPresence.newBuilder());
    }
  }

  private void here(String session, String user, boolean active, String room) {
    link.present(session, new LocalSession(user, "phone", active, room));
    time.advance(MOMENT);
  }

  private static Told told(String user, int devices) {
    UserView.Builder view = UserView.newBuilder();
    for (int i = 0; i < devices; i++) {
      view.addDevices(DevicePresence.newBuilder().setDeviceId("d" + i));
    }
    return Told.newBuilder().setSubject(Subjects.user(user)).setUser(view).build();
  }

  @Test
  void whatIsSoIsSaidOnceAndAgainWhenItIsAskedFor() {
    FakeWire wire = up();
    here("s1", "ann", true, ROOM);
    here("s2", "ann", false, "");
    here("s2", "ann", false, "");
    assertThat(wire.words()).containsExactly("room [ann]", "ann[ ONLINE]", "ann[ ONLINE]");

    say(FromPresence.newBuilder().setReplay(Replay.newBuilder().setGeneration(5)));
    assertThat(wire.words()).containsExactlyInAnyOrder("ann[ ONLINE]", "room [ann]", "replayed 5");
    link.absent("s1", false);
    time.advance(MOMENT);
    assertThat(wire.words()).containsExactlyInAnyOrder("ann[ AWAY]", "room empty");
  }

  @Test
  void nobodyIsShownBeforeItIsKnownWhetherTheyAreInvisible() {
    settings.put("ann", settings(1, true));
    tableFails = true;
    FakeWire wire = up();
    here("s1", "ann", true, ROOM);
    assertThat(wire.words()).containsExactly("room empty");
    tableFails = false;
    time.advance(Duration.ofSeconds(1));
    assertThat(wire.words()).containsExactlyInAnyOrder("ann[ ONLINE]", "room empty");

    settings.put("ann", settings(2, false));
    link.settingsChanged("ann");
    time.advance(MOMENT);
    assertThat(wire.words()).containsExactlyInAnyOrder("ann[ ONLINE]", "room [ann]");
  }

  private static VersionedSettings settings(long revision, boolean invisible) {
    VersionedSettings.Builder settings = VersionedSettings.newBuilder().setRevision(revision);
    settings.getSettingsBuilder().setInvisible(invisible);
    return settings.build();
  }

  @Test
  void aDeviceWhoseStreamBrokeMayComeBackUnnoticed() {
    FakeWire wire = up();
    here("s1", "ann", true, "");
    wire.words();
    link.absent("s1", true);
    heartbeats(4);
    here("s2", "ann", true, "");
    assertThat(wire.words()).containsExactly("ann[ ONLINE]");

    link.absent("s2", true);
    heartbeats(6);
    assertThat(wire.words()).containsExactly("ann gone");
  }

  @Test
  void nothingIsSaidToAnInstanceThatDoesNotTakeItYet() {
    time.advance(Duration.ofSeconds(1));
    FakeWire wire = wires.getLast();
    link.remember("gone", settings(3, true));
    say(FromPresence.newBuilder().setHello(PresenceHello.newBuilder().setLease(LEASE)).setAvailable(true));
    assertThat(wire.words()).isEmpty();
    say(FromPresence.newBuilder().setReplay(Replay.newBuilder().setGeneration(1)));
    assertThat(wire.words()).containsExactly("gone gone", "replayed 1");
  }

  @Test
  void aRouterThatLeavesTakesNobodyBack() {
    FakeWire wire = up();
    here("s1", "ann", true, "");
    wire.words();
    link.leaving();
    link.absent("s1", false);
    time.advance(MOMENT);
    assertThat(wire.words()).isEmpty();
  }

  @Test
  void watchersReadUnknownAtOnceWhenTheLinkBreaksAndAreKnownAgainWhenAllWasTold() {
    FakeWire first = up();
    link.watch(0, Subjects.user("bob"));
    link.watch(0, Subjects.user("eve"));
    time.advance(MOMENT);
    assertThat(first.words()).containsExactly("watch bob", "watch eve");
    say(FromPresence.newBuilder().addTold(told("bob", 1)).addTold(told("eve", 0)));
    assertThat(hub.heard).containsExactly("known", "bob 1", "eve 0");
    hub.heard.clear();

    first.ear.closed();
    time.advance(Duration.ZERO);
    assertThat(hub.heard).containsExactly("unknown");
    time.advance(Duration.ofMillis(500));
    assertThat(wires.getLast().address).isNotEqualTo(first.address);
    say(FromPresence.newBuilder().setHello(PresenceHello.getDefaultInstance()).setAvailable(true).addTold(told("bob", 2)));
    assertThat(hub.heard).containsExactly("unknown", "bob 2");
    say(FromPresence.newBuilder().addTold(told("eve", 0)));
    assertThat(hub.heard).containsExactly("unknown", "bob 2", "known");

    say(FromPresence.newBuilder().setAvailable(false));
    assertThat(hub.heard).endsWith("known", "unknown");
  }

  @Test
  void anInstanceThatIsSilentIsGivenUp() {
    FakeWire silent = up();
    time.advance(Duration.ofMillis(2_500));
    assertThat(silent.closed).isTrue();
    assertThat(hub.heard).containsExactly("known", "unknown");
    assertThat(wires.size()).isGreaterThan(1);
  }

  @Test
  void aReadIsAnsweredWithWhatIsKnownAndInTime() {
    var before = link.read(List.of(Subjects.user("bob")));
    time.advance(Duration.ZERO);
    assertThat(before.join()).containsExactly(Told.newBuilder().setSubject(Subjects.user("bob")).build());
    FakeWire wire = up();
    var read = link.read(List.of(Subjects.user("bob"), Subjects.user("eve"), Subjects.user("bob")));
    time.advance(MOMENT);
    assertThat(wire.words()).containsExactly("watch bob", "watch eve");
    say(FromPresence.newBuilder().addTold(told("bob", 1)));
    assertThat(read).isNotDone();
    say(FromPresence.newBuilder());
    time.advance(Duration.ofSeconds(1));

    assertThat(read.join())
        .containsExactly(told("bob", 1), Told.newBuilder().setSubject(Subjects.user("eve")).build(), told("bob", 1));
    time.advance(MOMENT);
    assertThat(wire.words()).containsExactlyInAnyOrder("unwatch bob", "unwatch eve");
  }

  @Test
  void aWireThatTakesNothingCostsASetOfSubjects() {
    FakeWire wire = up();
    wire.ready = false;
    for (int i = 0; i < 10; i++) {
      here("s1", "ann", i % 2 == 0, "");
    }
    assertThat(wire.words()).isEmpty();
    wire.ready = true;
    wire.ear.ready();
    time.advance(MOMENT);
    assertThat(wire.words()).containsExactly("ann[ AWAY]");
  }
}
