package dev.parley.router.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Refusal;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.UserView;
import dev.parley.router.presence.Subjects;
import dev.parley.v1.Activity;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.DevicePresence;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.PresenceState;
import dev.parley.v1.PresenceUpdate;
import dev.parley.v1.UserWatch;
import dev.parley.v1.WatchPresence;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionWatchesTest {
  private static final String DIRECT = ConversationIds.direct("ann", "bob");

  private static final Refusal LATER =
      new Refusal(ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE, "later", Map.of(), Duration.ofMillis(500));

  private final SessionRig rig = new SessionRig();
  private final Map<Subject, Told> views = new HashMap<>();

  /** Ann is in the group C and in a direct conversation with bob. */
  private void openWithGroupAndBob() {
    rig.open(SessionRig.C, DIRECT);
    rig.followed(SessionRig.following(1, 1, SessionRig.range(1, 0)));
    rig.followed(SessionRig.following(1, 1, SessionRig.range(1, 0)));
    rig.forget();
  }

  private void watch(WatchPresence.Builder watch) {
    rig.send(ClientFrame.newBuilder().setWatchPresence(watch));
  }

  private static UserWatch user(String id, String group) {
    return UserWatch.newBuilder().setUserId(id).setConversationId(group).build();
  }

  private void is(String user, PresenceState... devices) {
    UserView.Builder view = UserView.newBuilder();
    for (PresenceState state : devices) {
      view.addDevices(DevicePresence.newBuilder().setDeviceId("d").setState(state));
    }
    views.put(Subjects.user(user), Told.newBuilder().setSubject(Subjects.user(user)).setUser(view).build());
    rig.session.watches().changed(Subjects.user(user));
  }

  private void tell(boolean available) {
    rig.session.watches().tell(available, views::get);
  }

  private PresenceUpdate lastUpdate() {
    return rig.written.getLast().getPresence();
  }

  @Test
  void aDeviceIsThereFromTheCursorsOnAndAwayWhenNothingIsDoneOnIt() {
    rig.following(1);
    for (int i = 0; i < 6; i++) {
      rig.time.advance(Duration.ofSeconds(50));
      rig.creditAll();
      rig.session.tick();
    }
    assertThat(rig.here).containsExactly("online ", "away ");
    rig.command("back");
    rig.send(ClientFrame.newBuilder().setActivity(Activity.newBuilder().setConversationId(SessionRig.C)));
    rig.send(ClientFrame.newBuilder().setActivity(Activity.newBuilder().setAway(true)));
    rig.command("sent by the app in the background");
    rig.session.broke();

    assertThat(rig.here.subList(2, 6)).containsExactly("online ", "online " + SessionRig.C, "away ", "broke");
  }

  @Test
  void onlyUsersAndRoomsThatTheUserSharesAreWatched() {
    rig.hello();
    rig.cursors();
    watch(WatchPresence.newBuilder().addUsers(user("bob", "")).addConversationIds(SessionRig.C));
    assertThat(rig.watched).isEmpty(); // until it has caught up
    rig.session.conversations(List.of(SessionRig.C, DIRECT));
    rig.followed(SessionRig.following(1, 1, SessionRig.range(1, 0)));
    rig.followed(SessionRig.following(1, 1, SessionRig.range(1, 0)));
    rig.forget();
    assertThat(rig.watched).containsExactlyInAnyOrder("bob", SessionRig.C);

    String foreign = ConversationIds.direct("x", "y");
    watch(WatchPresence.newBuilder()
        .addUsers(user("stranger", ""))
        .addUsers(user("carl", SessionRig.C))
        .addUsers(user("dan", SessionRig.C))
        .addUsers(user("z", foreign))
        .addConversationIds(foreign));
    assertThat(rig.frames())
        .containsExactly(
            "error CONVERSATION_NOT_FOUND", "error CONVERSATION_NOT_FOUND", "error CONVERSATION_NOT_FOUND");
    rig.session.members(SessionRig.C, rig.membersAsked.removeFirst(), Set.of("carl"), null);
    assertThat(rig.frames()).endsWith("error MEMBER_NOT_FOUND");
    assertThat(rig.written.getLast().getError().getInfo().getMetadataMap()).containsEntry("user_id", "dan");
    assertThat(rig.watched).containsExactlyInAnyOrder("bob", SessionRig.C, "carl");
  }

  @Test
  void watchesAboveTheLimitAreRefusedAndTheOthersStay() {
    openWithGroupAndBob();
    List<String> all = List.of("u1", "u2", "u3", "u4");
    all.forEach(id -> watch(WatchPresence.newBuilder().addUsers(user(id, SessionRig.C))));
    rig.session.members(SessionRig.C, all, Set.copyOf(all), null);
    assertThat(rig.watched).containsExactly("u1", "u2", "u3");
    assertThat(rig.frames()).containsExactly("error LIMIT_EXCEEDED");

    watch(WatchPresence.newBuilder().addUnwatchUserIds("u2").addUsers(user("bob", "")));
    assertThat(rig.watched).containsExactly("u1", "u3", "bob");
  }

  @Test
  void whoLeavesIsNotWatchedAnyMoreUnlessThereIsAnotherReason() {
    openWithGroupAndBob();
    watch(WatchPresence.newBuilder()
        .addUsers(user("bob", ""))
        .addUsers(user("bob", SessionRig.C))
        .addUsers(user("carl", SessionRig.C))
        .addConversationIds(SessionRig.C));
    rig.session.members(SessionRig.C, List.of("bob", "carl"), Set.of("bob", "carl"), null);
    rig.feed(SessionRig.record(SessionRig.removal(2, "bob")));
    rig.feed(SessionRig.record(SessionRig.leaving(3, "carl")));
    assertThat(rig.watched).containsExactlyInAnyOrder("bob", SessionRig.C);
    assertThat(rig.frames()).contains("error MEMBER_NOT_FOUND");

    rig.feed(SessionRig.record(SessionRig.removal(4, "ann")));
    assertThat(rig.watched).containsExactly("bob");
    rig.session.ended();
    assertThat(rig.watched).isEmpty();
  }

  @Test
  void whatIsGivenUpBeforeItIsGrantedIsNotWatched() {
    openWithGroupAndBob();
    watch(WatchPresence.newBuilder().addUsers(user("carl", SessionRig.C)));
    watch(WatchPresence.newBuilder().addUnwatchUserIds("carl"));
    rig.session.members(SessionRig.C, List.of("carl"), Set.of("carl"), null);
    assertThat(rig.watched).isEmpty();
  }

  @Test
  void anOwnerThatCouldNotSayWhoIsAMemberIsAskedAgain() {
    openWithGroupAndBob();
    watch(WatchPresence.newBuilder().addUsers(user("carl", SessionRig.C)));
    rig.session.members(SessionRig.C, rig.membersAsked.removeFirst(), Set.of("carl"), null);
    rig.session.members(SessionRig.C, List.of("carl"), null, LATER);
    rig.session.tick();
    rig.session.members(SessionRig.C, rig.membersAsked.removeFirst(), Set.of(), null);
    assertThat(rig.watched).isEmpty();
    assertThat(rig.frames()).containsExactly("error MEMBER_NOT_FOUND");
  }

  @Test
  void aClientThatTakesNothingIsToldLaterWhatIsSoThen() {
    openWithGroupAndBob();
    watch(WatchPresence.newBuilder().addUsers(user("bob", "")));
    is("bob", PresenceState.PRESENCE_STATE_ONLINE);
    rig.ready = false;
    tell(true);
    is("bob");
    tell(true);
    assertThat(rig.written).isEmpty();
    rig.ready = true;
    tell(true);
    assertThat(lastUpdate().getUsersList()).extracting("state").containsExactly(PresenceState.PRESENCE_STATE_OFFLINE);
    is("bob");
    tell(true);
    assertThat(rig.written).as("nothing has changed").hasSize(1);
  }

  @Test
  void whatIsUnknownIsSaidOnceForAllAndThenWhatDiffers() {
    openWithGroupAndBob();
    watch(WatchPresence.newBuilder().addUsers(user("bob", "")));
    is("bob", PresenceState.PRESENCE_STATE_AWAY);
    tell(true);
    tell(false);
    tell(false);
    assertThat(rig.frames()).containsExactly("presence", "presence");
    assertThat(lastUpdate().getUnknown()).isTrue();
    tell(true);
    assertThat(lastUpdate()).isEqualTo(PresenceUpdate.getDefaultInstance());
    assertThat(rig.session.watches().hasNews(true)).isFalse();
  }

  @Test
  void whoHasBlockedTheWatcherLooksOffline() {
    openWithGroupAndBob();
    watch(WatchPresence.newBuilder().addUsers(user("foe", SessionRig.C)));
    rig.session.members(SessionRig.C, List.of("foe"), Set.of("foe"), null);
    is("foe", PresenceState.PRESENCE_STATE_ONLINE);
    tell(true);
    assertThat(lastUpdate().getUsers(0).getState()).isEqualTo(PresenceState.PRESENCE_STATE_OFFLINE);
  }
}
