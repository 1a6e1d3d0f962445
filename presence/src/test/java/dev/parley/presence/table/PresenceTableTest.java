package dev.parley.presence.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.internal.v1.LastKnown;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.RoomOnNode;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.UserOnNode;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.presence.store.Change;
import dev.parley.presence.store.Found;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.Term;
import dev.parley.presence.store.TermId;
import dev.parley.presence.store.Versioned;
import dev.parley.v1.DevicePresence;
import dev.parley.v1.PresenceSettings;
import dev.parley.v1.PresenceState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PresenceTableTest {
  private static final SubjectKey ALICE = SubjectKey.user("alice");
  private static final SubjectKey ROOM = SubjectKey.room("room");
  private static final TermId A1 = new TermId("a", 1);
  private static final TermId A2 = new TermId("a", 2);
  private static final TermId B1 = new TermId("b", 1);

  private final PresenceTable table = new PresenceTable();

  private static Term term(TermId id, boolean replayed) {
    return new Term(id, 0, replayed, Duration.ofSeconds(10));
  }

  private void living(TermId... terms) {
    table.leases(List.of(terms).stream().map(id -> term(id, true)).toList(), 0);
  }

  private void say(TermId term, SubjectKey subject, long version, NodeEntry.Builder value) {
    table.changed(term, List.of(new Change(subject, new Versioned(version, value.build()), null)));
  }

  private void watchKnown(SubjectKey subject) {
    table.watch(subject);
    table.found(Map.of(subject, new Found(Map.of(), null)));
    table.drainNews();
  }

  private static NodeEntry.Builder user(String device, PresenceState state) {
    return NodeEntry.newBuilder()
        .setUser(UserOnNode.newBuilder().addDevices(DevicePresence.newBuilder().setDeviceId(device).setState(state)));
  }

  private static NodeEntry.Builder online(String device) {
    return user(device, PresenceState.PRESENCE_STATE_ONLINE);
  }

  private static NodeEntry.Builder room(int count, String... users) {
    return NodeEntry.newBuilder().setRoom(RoomOnNode.newBuilder().setCount(count).addAllUserIds(List.of(users)));
  }

  private List<DevicePresence> devices() {
    return table.told(ALICE).getUser().getDevicesList();
  }

  @Test
  void aUserIsTheUnionOverTheRoutersThatAreAlive() {
    living(A1, B1);
    watchKnown(ALICE);
    say(A1, ALICE, 1, user("phone", PresenceState.PRESENCE_STATE_AWAY));
    say(B1, ALICE, 1, online("laptop"));
    assertThat(devices()).extracting(DevicePresence::getDeviceId).containsExactly("laptop", "phone");

    say(B1, ALICE, 2, online("phone"));
    assertThat(devices()).containsExactly(online("phone").getUser().getDevices(0));

    living(A1);
    assertThat(devices()).containsExactly(user("phone", PresenceState.PRESENCE_STATE_AWAY).getUser().getDevices(0));
  }

  @Test
  void whatBeginsToBeWatchedIsNewsOnceAndThenWhenItChanges() {
    living(A1);
    table.watch(ALICE);
    assertThat(table.drainNews()).isEmpty();
    assertThat(table.told(ALICE).getViewCase()).isEqualTo(Told.ViewCase.VIEW_NOT_SET);

    table.found(Map.of(ALICE, new Found(Map.of(), null)));
    assertThat(table.drainNews()).containsExactly(ALICE);
    assertThat(table.told(ALICE).hasUser()).isTrue();
    table.found(Map.of(ALICE, new Found(Map.of(), null)));
    assertThat(table.drainNews()).isEmpty();
    say(A1, ALICE, 1, online("phone"));
    assertThat(table.drainNews()).containsExactly(ALICE);
  }

  @Test
  void aReadingDoesNotBringBackWhatAChangeHasTakenAway() {
    living(A1);
    table.watch(ALICE);
    say(A1, ALICE, 2, NodeEntry.newBuilder());
    table.found(Map.of(ALICE, new Found(Map.of(A1, new Versioned(1, online("phone").build())), null)));
    assertThat(devices()).isEmpty();
  }

  @Test
  void untilARouterHasReplayedWhatItSaidBeforeCounts() {
    living(A1);
    watchKnown(ALICE);
    watchKnown(ROOM);
    say(A1, ALICE, 1, online("phone"));
    say(A1, ROOM, 2, room(1, "alice"));
    living(A1, A2);
    say(A2, ROOM, 1, NodeEntry.newBuilder());
    assertThat(devices()).hasSize(1);
    assertThat(table.told(ROOM).getRoom().getCount()).isZero();

    living(A2);
    assertThat(devices()).isEmpty();
  }

  @Test
  void theNewestSettingsCountAndTheLastSeenTimeOfWhoIsNotThere() {
    living(A1);
    table.watch(ALICE);
    LastKnown memory = LastKnown.newBuilder().setSeenMs(7).setSettings(settings(3, "newest")).build();
    table.found(Map.of(ALICE, new Found(Map.of(), memory)));
    assertThat(table.told(ALICE).getUser().getSeenMs()).isEqualTo(7);

    NodeEntry.Builder there = online("phone");
    there.getUserBuilder().setSettings(settings(2, "older"));
    say(A1, ALICE, 1, there);
    assertThat(table.told(ALICE).getUser().getSeenMs()).isZero();
    assertThat(table.told(ALICE).getUser().getSettings()).isEqualTo(memory.getSettings());
  }

  private static VersionedSettings settings(long revision, String text) {
    return VersionedSettings.newBuilder()
        .setRevision(revision)
        .setSettings(PresenceSettings.newBuilder().setStatusText(text))
        .build();
  }

  @Test
  void aRoomIsExactWhileEveryRouterNamesAll() {
    living(A1, B1);
    watchKnown(ROOM);
    say(A1, ROOM, 1, room(2, "alice", "bob"));
    say(B1, ROOM, 1, room(2, "bob", "carol"));
    assertThat(table.told(ROOM).getRoom()).isEqualTo(room(3, "alice", "bob", "carol").getRoom());

    String[] many = IntStream.range(10, 30).mapToObj(i -> "user-" + i).toArray(String[]::new);
    say(B1, ROOM, 2, room(50, many));
    RoomOnNode large = table.told(ROOM).getRoom();
    assertThat(large.getCount()).isEqualTo(52);
    assertThat(large.getUserIdsList()).hasSize(20).startsWith("alice", "bob", "user-10").isSorted();
  }

  @Test
  void whileItSettlesNobodyBecomesOfflineUntilAllHaveReplayed() {
    living(A1, B1);
    watchKnown(ALICE);
    say(A1, ALICE, 1, online("phone"));
    table.settle(100, Set.of("a", "b"));
    living();
    assertThat(table.told(ALICE).getViewCase()).isEqualTo(Told.ViewCase.VIEW_NOT_SET);

    living(A2);
    assertThat(table.told(ALICE).getViewCase()).isEqualTo(Told.ViewCase.VIEW_NOT_SET);
    living(A2, new TermId("b", 2));
    assertThat(table.told(ALICE).hasUser()).isTrue();
    assertThat(devices()).isEmpty();
  }

  @Test
  void settlingEndsWithItsTime() {
    table.settle(100);
    table.watch(ALICE);
    table.found(Map.of(ALICE, new Found(Map.of(), null)));
    table.tick(99);
    assertThat(table.told(ALICE).hasUser()).isFalse();
    table.drainNews();
    table.tick(100);
    assertThat(table.told(ALICE).hasUser()).isTrue();
    assertThat(table.drainNews()).containsExactly(ALICE);
  }

  @Test
  void wordsOfAGenerationThatIsNotKnownYetCountOnceItIs() {
    living(A1);
    watchKnown(ALICE);
    assertThat(table.changed(B1, List.of(new Change(ALICE, new Versioned(1, online("phone").build()), null))))
        .isFalse();
    assertThat(devices()).isEmpty();
    living(A1, B1);
    assertThat(devices()).hasSize(1);
  }
}
