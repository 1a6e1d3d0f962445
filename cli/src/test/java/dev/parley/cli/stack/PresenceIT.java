package dev.parley.cli.stack;

import static dev.parley.v1.PresenceState.PRESENCE_STATE_AWAY;
import static dev.parley.v1.PresenceState.PRESENCE_STATE_OFFLINE;
import static dev.parley.v1.PresenceState.PRESENCE_STATE_ONLINE;
import static dev.parley.v1.PresenceState.PRESENCE_STATE_UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.BlockUserRequest;
import dev.parley.v1.GetPresenceRequest;
import dev.parley.v1.GetRoomRequest;
import dev.parley.v1.LastSeenRule;
import dev.parley.v1.Presence;
import dev.parley.v1.PresenceServiceGrpc.PresenceServiceBlockingStub;
import dev.parley.v1.PresenceSettings;
import dev.parley.v1.PresenceState;
import dev.parley.v1.Room;
import dev.parley.v1.SetPresenceSettingsRequest;
import dev.parley.v1.UserWatch;
import dev.parley.v1.WatchPresenceRequest;
import dev.parley.v1.WatchPresenceResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who sees whom, through the edge, two routers, presence and a real Redis-protocol server. */
class PresenceIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final AtomicInteger PAIRS = new AtomicInteger();

  @TempDir
  static Path data;

  private static LiveStack stack;

  @BeforeAll
  static void start() throws IOException {
    stack =
        LiveStack.withPresence(
            data,
            2,
            "--parley.router.presence.linger=2s",
            "--parley.router.drain.notice=1500ms",
            "--parley.router.drain.spread=200ms");
  }

  @AfterAll
  static void stop() throws Exception {
    stack.close();
  }

  /** Ann's phone at the first router and bob's at the second one, who have a conversation. */
  private static final class Pair {
    final String ann = "ann-" + PAIRS.incrementAndGet();
    final String bob = "bob-" + PAIRS.get();
    final Device annPhone = stack.connectTo(1, ann, SessionOptions.forDevice("phone"));
    final Device bobPhone = stack.connectTo(2, bob, SessionOptions.forDevice("phone"));
    final String conversation = annPhone.session().createDirect(bob).join();

    Pair() {
      annPhone.session().watchUser(bob);
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(seen(annPhone, bob)).isEqualTo(PRESENCE_STATE_ONLINE));
    }

    PresenceState read() {
      return stub(stack.client(ann)).getPresence(request(bob)).getUsers(0).getState();
    }
  }

  private static PresenceServiceBlockingStub stub(ParleyClient client) {
    return client.presence();
  }

  private static GetPresenceRequest request(String user) {
    return GetPresenceRequest.newBuilder().addUsers(UserWatch.newBuilder().setUserId(user)).build();
  }

  private static Presence last(Device device, String user) {
    Presence last = Presence.getDefaultInstance();
    for (Presence each : device.heard().presences) {
      last = each.getUserId().equals(user) ? each : last;
    }
    return last;
  }

  private static PresenceState seen(Device device, String user) {
    return last(device, user).getState();
  }

  private static void awaitSeen(Device device, String user, PresenceState state) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(seen(device, user)).isEqualTo(state));
  }

  @Test
  void aUserIsSeenOnlineAwayAndOfflineOverAllDevicesAndRouters() {
    Pair pair = new Pair();
    pair.bobPhone.session().activity(true, "");
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_AWAY);
    Device laptop = stack.connectTo(1, pair.bob, SessionOptions.forDevice("laptop"));
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_ONLINE);
    laptop.session().watchUser(pair.bob);
    await().atMost(PATIENCE).untilAsserted(
        () -> assertThat(last(laptop, pair.bob).getDevicesList()).extracting("deviceId")
            .containsExactly("laptop", "phone"));
    assertThat(last(pair.annPhone, pair.bob).getDevicesList()).as("others do not see devices").isEmpty();

    laptop.session().close();
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_AWAY);
    pair.bobPhone.session().close();
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_OFFLINE);
    assertThat(last(pair.annPhone, pair.bob).hasLastSeenTime()).isTrue();
    assertThat(pair.read()).isEqualTo(PRESENCE_STATE_OFFLINE);
  }

  @Test
  void aUserDecidesWhatOthersSee() {
    Pair pair = new Pair();
    PresenceServiceBlockingStub bob = stub(stack.client(pair.bob));
    PresenceSettings settings =
        PresenceSettings.newBuilder()
            .setStatusText("in a meeting")
            .setLastSeenRule(LastSeenRule.LAST_SEEN_RULE_NOBODY)
            .build();
    set(bob, settings);
    await().atMost(PATIENCE)
        .untilAsserted(() -> assertThat(last(pair.annPhone, pair.bob).getStatusText()).isEqualTo("in a meeting"));
    set(bob, settings.toBuilder().setInvisible(true).build());
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_OFFLINE);
    set(bob, settings);
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_ONLINE);
    pair.bobPhone.session().close();
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_OFFLINE);
    assertThat(last(pair.annPhone, pair.bob).hasLastSeenTime()).isFalse();

    Device other = stack.connectTo(2, pair.bob, SessionOptions.forDevice("other"));
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_ONLINE);
    stack.client(pair.bob).blocking()
        .blockUser(BlockUserRequest.newBuilder().setUserId(pair.ann).build());
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_OFFLINE);
    assertThat(last(pair.annPhone, pair.bob).getStatusText()).isEmpty();
    other.session().close();
  }

  private static String logOf(String name) throws IOException {
    return Files.readString(data.resolve(name).resolve(name + ".log"));
  }

  private static void set(PresenceServiceBlockingStub user, PresenceSettings settings) {
    assertThat(
            user.setPresenceSettings(SetPresenceSettingsRequest.newBuilder().setSettings(settings).build())
                .getSettings())
        .isEqualTo(settings);
  }

  @Test
  void aRoomShowsWhoHasItInView() {
    Pair pair = new Pair();
    pair.annPhone.session().watchRoom(pair.conversation);
    pair.bobPhone.session().activity(false, pair.conversation);
    awaitRoom(pair, pair.bob);
    pair.annPhone.session().activity(false, pair.conversation);
    awaitRoom(pair, pair.ann, pair.bob);
    Room read =
        stub(stack.client(pair.ann))
            .getRoom(GetRoomRequest.newBuilder().setConversationId(pair.conversation).build())
            .getRoom();
    assertThat(read.getCount()).isEqualTo(2);

    pair.bobPhone.session().close();
    awaitRoom(pair, pair.ann);
  }

  private static void awaitRoom(Pair pair, String... users) {
    await().atMost(PATIENCE).untilAsserted(() -> {
      List<Room> rooms = pair.annPhone.heard().rooms;
      assertThat(rooms).isNotEmpty();
      assertThat(rooms.getLast().getUserIdsList()).containsExactly(users);
      assertThat(rooms.getLast().getCount()).isEqualTo(users.length);
    });
  }

  @Test
  void aClientWithoutASessionWatchesByACall() {
    Pair pair = new Pair();
    Iterator<WatchPresenceResponse> updates =
        stub(stack.client(pair.ann))
            .withDeadlineAfter(PATIENCE.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)
            .watchPresence(
                WatchPresenceRequest.newBuilder().addUsers(UserWatch.newBuilder().setUserId(pair.bob)).build());
    assertThat(next(updates, pair.bob)).isEqualTo(PRESENCE_STATE_ONLINE);
    pair.bobPhone.session().close();
    assertThat(next(updates, pair.bob)).isEqualTo(PRESENCE_STATE_OFFLINE);
  }

  private static PresenceState next(Iterator<WatchPresenceResponse> updates, String user) {
    while (true) {
      for (Presence presence : updates.next().getUpdate().getUsersList()) {
        if (presence.getUserId().equals(user)) {
          return presence.getState();
        }
      }
    }
  }

  @Test
  void strangersTooMuchAndTooLongIsRefusedByName() {
    Pair pair = new Pair();
    PresenceServiceBlockingStub ann = stub(stack.client(pair.ann));
    assertThat(refusal(() -> ann.getPresence(request("nobody-i-know")))).isEqualTo(Status.Code.NOT_FOUND);
    GetPresenceRequest.Builder many = GetPresenceRequest.newBuilder();
    for (int i = 0; i < 101; i++) {
      many.addUsers(UserWatch.newBuilder().setUserId("u" + i));
    }
    assertThat(refusal(() -> ann.getPresence(many.build()))).isEqualTo(Status.Code.INVALID_ARGUMENT);
    PresenceSettings tooLong = PresenceSettings.newBuilder().setStatusText("x".repeat(257)).build();
    assertThat(refusal(() -> set(ann, tooLong))).isEqualTo(Status.Code.INVALID_ARGUMENT);

    pair.annPhone.session().watchUser("nobody-i-know");
    pair.annPhone.session().watchRoom("01900000-0000-7000-8000-000000000009");
    await().atMost(PATIENCE).until(() -> pair.annPhone.heard().errors.size() == 2);
    assertThat(pair.annPhone.heard().errors).extracting(each -> each.reason().name())
        .containsOnly("ERROR_REASON_CONVERSATION_NOT_FOUND");
    pair.bobPhone.session().activity(true, "");
    awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_AWAY);
  }

  private static Status.Code refusal(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return catchThrowableOfType(StatusRuntimeException.class, call).getStatus().getCode();
  }

  @Test
  void theUsersOfARouterThatDiesAreOfflineUnlessTheyAreBackAndOfOneThatLeavesNever() throws IOException {
    Pair pair = new Pair();
    Device away = stack.connectTo(2, pair.ann, SessionOptions.forDevice("tablet"));
    pair.bobPhone.session().watchUser(pair.ann);
    awaitSeen(pair.bobPhone, pair.ann, PRESENCE_STATE_ONLINE);
    away.session().close();
    int before = pair.bobPhone.heard().presences.size();
    stack.stopRouter(1);
    stack.startRouter(1);
    await().atMost(PATIENCE).until(() -> pair.annPhone.session().state() == dev.parley.sdk.SessionState.LIVE);
    assertThat(pair.bobPhone.heard().presences.subList(before, pair.bobPhone.heard().presences.size()))
        .as("what was seen of a user whose router left and came back").isEmpty();

    stack.killRouter(1);
    awaitSeen(pair.bobPhone, pair.ann, PRESENCE_STATE_OFFLINE);
    stack.startRouter(1);
    awaitSeen(pair.bobPhone, pair.ann, PRESENCE_STATE_ONLINE);
  }

  @Test
  void whateverHappensToPresenceItReadsUnknownThenRightAndMessagesGoOn() throws IOException {
    Pair pair = new Pair();
    var breaks =
        Map.<String, Runnable>of(
            "presence killed", () -> stack.presence().kill(),
            "presence stopped", () -> stack.presence().pause(),
            "redis killed", () -> stack.redis().kill(),
            "redis stopped", () -> stack.redis().pause());
    for (Map.Entry<String, Runnable> each : breaks.entrySet()) {
      each.getValue().run();
      awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_UNKNOWN);
      assertThat(pair.read()).as(each.getKey()).isEqualTo(PRESENCE_STATE_UNKNOWN);
      pair.annPhone.session().sendText(pair.conversation, each.getKey()).join();
      int before = pair.annPhone.heard().presences.size();
      switch (each.getKey()) {
        case "presence killed" -> stack.startPresence();
        case "presence stopped" -> stack.presence().resume();
        case "redis killed" -> stack.redis().restart();
        default -> stack.redis().resume();
      }
      awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_ONLINE);
      assertThat(pair.annPhone.heard().presences.subList(before, pair.annPhone.heard().presences.size()))
          .as(each.getKey()).extracting(Presence::getState).doesNotContain(PRESENCE_STATE_OFFLINE);
      pair.bobPhone.session().activity(true, "");
      awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_AWAY);
      pair.bobPhone.session().activity(false, "");
      awaitSeen(pair.annPhone, pair.bob, PRESENCE_STATE_ONLINE);
    }
    assertThat(pair.bobPhone.heard().events.get(pair.conversation)).hasSizeGreaterThanOrEqualTo(breaks.size());
    for (String name : List.of("router-1", "router-2")) {
      assertThat(logOf(name))
          .contains("hop router-presence: CLOSED -> OPEN", "hop router-presence: HALF_OPEN -> CLOSED");
    }
    assertThat(logOf(PresenceProcess.NAME))
        .contains("hop presence-redis: CLOSED -> OPEN", "hop presence-redis: HALF_OPEN -> CLOSED");
  }
}
