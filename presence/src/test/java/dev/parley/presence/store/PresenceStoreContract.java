package dev.parley.presence.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.internal.v1.LastKnown;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.RoomOnNode;
import dev.parley.internal.v1.UserOnNode;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.v1.DevicePresence;
import dev.parley.v1.PresenceSettings;
import dev.parley.v1.PresenceState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every adapter of {@link PresenceStore} does. */
abstract class PresenceStoreContract {
  static final Duration LEASE = Duration.ofSeconds(10);
  static final Duration SHORT = Duration.ofMillis(150);
  private static final SubjectKey ALICE = SubjectKey.user("alice");

  private static final SubjectKey UNWANTED = SubjectKey.user("unwanted");

  final Heard heard = new Heard();

  /** What a listener was told. */
  static final class Heard implements PresenceStore.Listener {
    final List<String> states = new CopyOnWriteArrayList<>();
    final Map<TermId, List<Change>> changes = new ConcurrentHashMap<>();

    @Override
    public void up() {
      states.add("up");
    }

    @Override
    public void down() {
      states.add("down");
    }

    @Override
    public boolean wants(SubjectKey subject) {
      return !subject.equals(UNWANTED);
    }

    @Override
    public void changed(TermId term, List<Change> told) {
      changes.computeIfAbsent(term, unused -> new CopyOnWriteArrayList<>()).addAll(told);
    }

    List<Change> of(TermId term) {
      return List.copyOf(changes.getOrDefault(term, List.of()));
    }
  }

  /** A store that is open, and told to {@link #heard}. */
  abstract PresenceStore store();

  /** Lets this time pass. */
  abstract void pass(Duration time);

  static <T> T now(CompletableFuture<T> future) {
    return future.orTimeout(10, TimeUnit.SECONDS).join();
  }

  static Versioned online(long version) {
    return new Versioned(
        version,
        NodeEntry.newBuilder()
            .setUser(
                UserOnNode.newBuilder()
                    .addDevices(
                        DevicePresence.newBuilder()
                            .setDeviceId("phone|1")
                            .setState(PresenceState.PRESENCE_STATE_ONLINE)))
            .build());
  }

  static Versioned gone(long version) {
    return new Versioned(version, NodeEntry.getDefaultInstance());
  }

  static LastKnown seen(long millis, long revision, String text) {
    return LastKnown.newBuilder()
        .setSeenMs(millis)
        .setSettings(
            VersionedSettings.newBuilder()
                .setRevision(revision)
                .setSettings(PresenceSettings.newBuilder().setStatusText(text)))
        .build();
  }

  TermId term(String node) {
    return new TermId(node, now(store().register(node, -7, LEASE)));
  }

  int apply(TermId term, SubjectKey subject, Versioned said, @Nullable LastKnown memory) {
    return now(store().apply(term, subject.partition(), List.of(new Change(subject, said, memory))));
  }

  Found read(SubjectKey subject, TermId... terms) {
    return java.util.Objects.requireNonNull(now(store().read(List.of(subject), List.of(terms))).found().get(subject));
  }

  @Test
  void aGenerationIsGreaterThanTheOneBefore() {
    long first = now(store().register("a", -7, LEASE));
    assertThat(now(store().register("a", -7, LEASE))).isGreaterThan(first);
  }

  @Test
  void theTableOfLeasesHasWhatWasDrawn() {
    TermId drawn = term("a");
    Leases leases = now(store().renew(Map.of(), LEASE));
    Term term = leases.terms().getFirst();
    assertThat(leases.terms()).hasSize(1);
    assertThat(term.id()).isEqualTo(drawn);
    assertThat(term.incarnation()).isEqualTo(-7);
    assertThat(term.replayed()).isFalse();
    assertThat(term.leaseLeft()).isBetween(Duration.ofMillis(1), LEASE);
    assertThat(now(store().renew(Map.of(), LEASE)).epoch()).isEqualTo(leases.epoch()).isPositive();
  }

  @Test
  void aLeaseEndsUnlessItIsRenewed() {
    TermId kept = term("a");
    now(store().register("b", 1, SHORT));
    now(store().renew(Map.of("a", -7L, "b", 2L), LEASE));
    pass(SHORT.plusMillis(10));
    assertThat(now(store().renew(Map.of("a", -7L, "b", 1L), LEASE)).terms()).extracting(Term::id).containsExactly(kept);
  }

  @Test
  void aReadingTellsWhetherOtherGenerationsWereValid() {
    TermId before = term("a");
    now(store().register("b", 1, SHORT));
    long known = now(store().renew(Map.of(), LEASE)).version();
    apply(before, ALICE, online(1), null);
    assertThat(now(store().read(List.of(), List.of())).version()).as("the same are valid").isEqualTo(known);

    TermId after = term("a");
    long drawn = now(store().read(List.of(), List.of())).version();
    assertThat(drawn).isGreaterThan(known);
    now(store().replayed(after));
    long dropped = now(store().read(List.of(), List.of())).version();
    assertThat(dropped).isGreaterThan(drawn);
    pass(SHORT.plusMillis(10));
    assertThat(now(store().renew(Map.of(), LEASE)).version()).as("a lease has ended").isGreaterThan(dropped);
  }

  @Test
  void whatWasSaidIsReadAndToldOnce() {
    TermId term = term("a");
    assertThat(apply(term, ALICE, online(1), null)).isEqualTo(1);
    assertThat(apply(term, ALICE, online(2), null)).as("the same again").isZero();

    assertThat(read(ALICE, term).said()).isEqualTo(Map.of(term, online(1)));
    await().untilAsserted(() -> assertThat(heard.of(term)).containsExactly(new Change(ALICE, online(1), null)));
  }

  @Test
  void whatNobodyWantsIsNotTold() {
    TermId term = term("a");
    apply(term, UNWANTED, online(1), seen(1, 1, ""));
    apply(term, ALICE, online(2), null);
    await().untilAsserted(() -> assertThat(heard.of(term)).containsExactly(new Change(ALICE, online(2), null)));
  }

  @Test
  void whatIsNotSoAnyMoreIsReadAsGone() {
    TermId term = term("a");
    apply(term, ALICE, online(1), null);
    apply(term, ALICE, gone(2), null);
    assertThat(read(ALICE, term).said()).isEqualTo(Map.of(term, gone(2)));
    assertThat(read(SubjectKey.user("nobody"), term).said()).isEmpty();
  }

  @Test
  void aLateWriteOfAnOlderVersionChangesNothing() {
    TermId term = term("a");
    apply(term, ALICE, gone(5), null);
    assertThat(apply(term, ALICE, online(4), null)).isZero();
    assertThat(read(ALICE, term).said()).isEqualTo(Map.of(term, gone(5)));
  }

  @Test
  void ofWhatIsRememberedTheLaterTimeAndTheNewerSettingsStay() {
    TermId term = term("a");
    apply(term, ALICE, gone(1), seen(2_000, 3, "away|for lunch"));
    apply(term, ALICE, gone(2), seen(1_000, 4, "newer"));
    assertThat(read(ALICE).lastKnown()).isEqualTo(seen(2_000, 4, "newer"));
    await()
        .untilAsserted(
            () ->
                assertThat(heard.of(term))
                    .containsExactly(
                        new Change(ALICE, gone(1), seen(2_000, 3, "away|for lunch")),
                        new Change(ALICE, gone(1), seen(2_000, 4, "newer"))));
  }

  @Test
  void aUserAndARoomOfOneIdAreTwoThings() {
    TermId term = term("a");
    SubjectKey room = SubjectKey.room("alice");
    Versioned one =
        new Versioned(1, NodeEntry.newBuilder().setRoom(RoomOnNode.newBuilder().setCount(1).addUserIds("x")).build());
    apply(term, room, one, null);
    assertThat(read(room, term).said()).isEqualTo(Map.of(term, one));
    assertThat(read(ALICE, term).said()).isEmpty();
  }

  @Test
  void aReplayEndsTheGenerationsBeforeOfThatLifeOnly() {
    TermId otherLife = new TermId("a", now(store().register("a", 1, LEASE)));
    TermId before = term("a");
    TermId now = term("a");
    apply(before, ALICE, online(1), null);

    assertThat(now(store().replayed(now))).isTrue();
    assertThat(now(store().renew(Map.of(), LEASE)).terms()).extracting(Term::id).containsExactly(otherLife, now);
    assertThat(now(store().renew(Map.of(), LEASE)).terms()).extracting(Term::replayed).containsExactly(false, true);
    await().untilAsserted(() -> assertThat(read(ALICE, before).said()).isEmpty());
    assertThat(now(store().replayed(before))).as("of one that has ended").isFalse();
  }

  @Test
  void whoNeverReplaysKeepsAFewGenerations() {
    for (int i = 0; i < 20; i++) {
      term("a");
    }
    assertThat(now(store().renew(Map.of(), LEASE)).terms()).hasSize(PresenceStore.TERMS_OF_A_NODE);
  }

  @Test
  void aThousandChangesOfAPartitionTravelTogether() {
    TermId term = term("a");
    List<Change> changes = new ArrayList<>();
    for (int i = 0; changes.size() < 1_000; i++) {
      SubjectKey user = SubjectKey.user("user-" + i);
      if (user.partition() == 3) {
        changes.add(new Change(user, online(changes.size() + 1), seen(i, 1, "")));
      }
    }
    assertThat(now(store().apply(term, 3, changes))).isEqualTo(1_000);

    List<SubjectKey> subjects = changes.stream().map(Change::subject).toList();
    Map<SubjectKey, Found> found = now(store().read(subjects, List.of(term))).found();
    assertThat(changes)
        .allSatisfy(
            change ->
                assertThat(found.get(change.subject()))
                    .isEqualTo(new Found(Map.of(term, change.said()), change.lastKnown())));
    await().untilAsserted(() -> assertThat(heard.of(term)).isEqualTo(changes));
  }

  @Test
  void usersOfARouterAreCounted() {
    TermId term = term("a");
    apply(term, ALICE, online(1), null);
    apply(term, SubjectKey.user("bob"), online(2), null);
    apply(term, SubjectKey.user("carol"), gone(3), null);
    assertThat(now(store().countUsers(term))).isEqualTo(2);
  }
}
