package dev.parley.dispatcher.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.dispatcher.user.BlockedUsers;
import dev.parley.dispatcher.user.Names;
import dev.parley.dispatcher.user.PushUsers;
import dev.parley.internal.v1.BlockList;
import dev.parley.internal.v1.DeliveredAnswer;
import dev.parley.internal.v1.DeviceHas;
import dev.parley.v1.ConversationPushPreferences;
import dev.parley.v1.DeadLetter;
import dev.parley.v1.FcmTarget;
import dev.parley.v1.PushDevice;
import dev.parley.v1.PushPreferences;
import dev.parley.v1.PushTarget;
import dev.parley.v1.QuietHours;
import dev.parley.v1.User;
import io.opentelemetry.api.metrics.MeterProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DispatcherTest {
  private static final Duration GRACE = Duration.ofSeconds(3);
  private static final Duration SOON = Duration.ofSeconds(4);
  private static final DispatchTimes TIMES =
      new DispatchTimes(
          GRACE, Duration.ofHours(12), Duration.ofMinutes(1), Duration.ofMillis(300), Duration.ofDays(7));
  private static final String C = "018f0000-0000-7000-8000-000000000001";
  private static final String OTHER = "018f0000-0000-7000-8000-000000000002";

  private final VirtualTime time = new VirtualTime();
  private final VirtualTime.Process process = time.process();
  private final MemoryBroker broker = new MemoryBroker(new Layout(4, 64, 1), Long.MAX_VALUE, time);
  private final FakeProvider provider = new FakeProvider();
  private final PushUsers users = new PushUsers(broker.table(TableName.PUSH_USERS));
  private Dispatcher dispatcher = dispatcher("d1", process);

  @BeforeEach
  void start() {
    users.load().join();
    phone("bob", "bobs");
    broker.table(TableName.PROFILES).put("alice", User.newBuilder().setName("Alice").build().toByteArray(), 0).join();
    dispatcher.start();
    time.pass(Duration.ofSeconds(1));
  }

  private Dispatcher dispatcher(String name, VirtualTime.Process loop) {
    BlockedUsers blocked = new BlockedUsers(broker.table(TableName.BLOCKS));
    blocked.load().join();
    return new Dispatcher(
        name,
        new Dispatcher.Parts(
            broker, time, new Random(7), loop, TIMES, users, blocked, new Names(broker.table(TableName.PROFILES), time), 100,
            target -> provider, new DispatchMetrics(MeterProvider.noop().get("test"), Traces.NONE, time), new Alone()));
  }

  private void phone(String user, String token) {
    users
        .register(
            user,
            PushDevice.newBuilder()
                .setDeviceId("phone")
                .setTarget(PushTarget.newBuilder().setFcm(FcmTarget.newBuilder().setToken(token)))
                .build())
        .join();
  }

  private Talk talk(String... members) {
    return Talk.group(broker, time, C, List.of(members));
  }

  private List<DeadLetter> deadLetters() {
    CompletableFuture<List<DeadLetter>> letters = dispatcher.deadLetters();
    time.pass(Duration.ZERO);
    return letters.join();
  }

  @Test
  void whoHasNotGotAMessageIsToldAfterTheGrace() {
    talk("alice", "bob").say("alice", "hi");

    time.pass(GRACE.minusMillis(100));
    assertThat(provider.sent).isEmpty();
    time.pass(Duration.ofSeconds(1));
    assertThat(provider.told()).containsExactly("bobs Alice in Lunch: hi 1");
    Push push = provider.sent.getFirst();
    assertThat(push.conversationId()).isEqualTo(C);
    assertThat(push.seq()).isEqualTo(2);
    time.pass(Duration.ofMinutes(10));
    assertThat(provider.sent).hasSize(1);
  }

  @Test
  void aDeviceThatHasAcknowledgedAMessageIsNotTold() {
    broker.registry().announce("r1", new byte[0]).join();
    broker
        .inquiries()
        .answer(
            question ->
                CompletableFuture.completedFuture(
                    List.of(
                        DeliveredAnswer.newBuilder()
                            .addHas(DeviceHas.newBuilder().setQuestion(0).setUserId("bob").setDeviceId("phone").setSeq(2))
                            .build()
                            .toByteArray())));
    time.pass(Duration.ZERO);
    phone("carol", "carols");
    Talk talk = talk("alice", "bob", "carol");
    talk.say("alice", "hi");
    talk.say("alice", "more");

    time.pass(SOON);
    assertThat(provider.told())
        .as("of what came after it bob is told")
        .containsExactlyInAnyOrder("carols Alice in Lunch: more 2", "bobs Alice in Lunch: more 1");
  }

  @Test
  void whatNobodyCouldReadAsATimeStopsNobody() {
    users.change("bob", user -> user.toBuilder().setPreferences(
        PushPreferences.newBuilder().setMuteUntil(Timestamp.newBuilder().setSeconds(Long.MAX_VALUE))).build()).join();
    phone("carol", "carols");
    talk("alice", "bob", "carol").say("alice", "hi");

    time.pass(SOON);
    assertThat(provider.told()).containsExactly("carols Alice in Lunch: hi 1");
  }

  @Test
  void whatIsReadWhileItIsHandedOverIsTakenAwayAgain() {
    CompletableFuture<Answer> late = new CompletableFuture<>();
    provider.answers(push -> late);
    Talk talk = talk("alice", "bob");
    long seq = talk.say("alice", "hi");
    time.pass(SOON);
    talk.read("bob", seq);
    time.pass(SOON);
    provider.answers(push -> FakeProvider.accepted());
    late.complete(new Answer.Accepted());

    time.pass(SOON);
    assertThat(provider.told()).containsExactly("bobs Alice in Lunch: hi 1", "bobs withdrawn 0");
  }

  @Test
  void ofSeveralDeadLettersOfOneConversationTheNewestIsTriedAgainAndAllEnd() {
    provider.answers(new Answer.Rejected("bad topic"));
    Talk talk = talk("alice", "bob");
    talk.say("alice", "one");
    time.pass(SOON);
    long newest = talk.say("alice", "two");
    time.pass(SOON);
    assertThat(deadLetters()).hasSize(2);
    provider.answers(push -> FakeProvider.accepted());
    provider.sent.clear();

    dispatcher.redrive(List.of());
    time.pass(SOON);
    assertThat(provider.sent).singleElement().extracting(Push::seq).isEqualTo(newest);
    assertThat(deadLetters()).isEmpty();
  }

  @Test
  void aShardWhoseMessagesTheLogHasDroppedGoesOn() {
    Talk talk = talk("alice", "bob");
    talk.say("alice", "one");
    time.pass(SOON);
    broker.forgetDispatched();
    talk.say("alice", "two");
    time.pass(Duration.ofSeconds(10));

    broker.dispatch().dispatchers().withdraw("d1").join();
    process.die();
    dispatcher = dispatcher("d2", time.process());
    dispatcher.start();
    time.pass(SOON);
    assertThat(provider.sent).as("it was written that two was told").hasSize(2);
  }

  @Test
  void aDeviceIsCountedOnceHoweverManyThereAre() {
    users
        .register(
            "bob",
            PushDevice.newBuilder()
                .setDeviceId("tablet")
                .setTarget(PushTarget.newBuilder().setFcm(FcmTarget.newBuilder().setToken("bobs-tablet")))
                .build())
        .join();
    Talk talk = talk("alice", "bob");
    talk.say("alice", "one");
    time.pass(SOON);
    talk.say("alice", "two");
    time.pass(SOON);

    assertThat(provider.sent).extracting(Push::badge).containsExactly(1, 1, 2, 2);
  }

  @Test
  void whatIsDeletedWhileItWaitsIsNotShown() {
    provider.answers(push -> CompletableFuture.failedStage(new IOException("down")));
    Talk talk = talk("alice", "bob");
    long seq = talk.say("alice", "oops");
    time.pass(SOON);
    talk.delete("alice", seq);
    provider.answers(push -> FakeProvider.accepted());
    provider.sent.clear();

    time.pass(Duration.ofSeconds(20));
    assertThat(provider.told()).containsExactly("bobs Parley: New message 1");
  }

  @Test
  void aProviderThatWantsSeveralToWaitIsLeftAloneByAll() {
    for (int i = 0; i < 20; i++) {
      phone("user-" + i, "token-" + i);
    }
    provider.answers(new Answer.TryAgain(Duration.ofSeconds(60), "429"));
    List<String> members = new ArrayList<>(List.of("alice"));
    for (int i = 0; i < 20; i++) {
      members.add("user-" + i);
    }
    Talk talk = Talk.group(broker, time, C, members);
    talk.say("alice", "one");
    time.pass(SOON);
    int tried = provider.sent.size();
    talk.say("alice", "two");

    time.pass(Duration.ofSeconds(50));
    assertThat(provider.sent).hasSize(tried);
    provider.answers(push -> FakeProvider.accepted());
    time.pass(Duration.ofSeconds(20));
    assertThat(provider.sent).hasSize(tried + 20);
    assertThat(deadLetters()).isEmpty();
  }

  @Test
  void whoHasReadWithinTheGraceIsNotTold() {
    Talk talk = talk("alice", "bob");
    talk.read("bob", talk.say("alice", "hi"));

    time.pass(SOON);
    assertThat(provider.sent).isEmpty();
  }

  @Test
  void theSenderAndStrangersAndThoseWithoutDevicesAreNotTold() {
    phone("alice", "alices");
    phone("stranger", "strangers");
    talk("alice", "bob", "carol").say("alice", "hi");

    time.pass(SOON);
    assertThat(provider.told()).containsExactly("bobs Alice in Lunch: hi 1");
  }

  @Test
  void messagesThatAreDueTogetherBecomeOnePush() {
    Talk talk = talk("alice", "bob");
    talk.say("alice", "one");
    talk.say("alice", "two");
    talk.say("alice", "three");

    time.pass(SOON);
    assertThat(provider.told()).containsExactly("bobs Alice in Lunch: three 3");
  }

  @Test
  void theBadgeCountsAllConversations() {
    talk("alice", "bob").say("alice", "one");
    Talk.group(broker, time, OTHER, List.of("alice", "bob")).say("alice", "two");
    time.pass(SOON);

    assertThat(provider.sent).extracting(Push::badge).containsExactlyInAnyOrder(1, 2);
  }

  @Test
  void whatIsReadElsewhereIsWithdrawnOnce() {
    Talk talk = talk("alice", "bob");
    long seq = talk.say("alice", "hi");
    time.pass(SOON);
    talk.read("bob", seq);
    time.pass(Duration.ofMillis(100));
    assertThat(provider.told()).containsExactly("bobs Alice in Lunch: hi 1", "bobs withdrawn 0");

    talk.read("bob", seq);
    time.pass(SOON);
    talk.say("alice", "again");
    talk.say("bob", "me too");
    talk.say("alice", "more");
    time.pass(SOON);
    assertThat(provider.told().getLast()).isEqualTo("bobs Alice in Lunch: more 2");
    assertThat(provider.sent).hasSize(3);
  }

  @Test
  void anEditChangesWhatWillBeToldAndADeletionTakesItAway() {
    Talk talk = talk("alice", "bob");
    long first = talk.say("alice", "hi");
    talk.edit("alice", first, "hello");
    talk.delete("alice", talk.say("alice", "oops"));

    time.pass(SOON);
    assertThat(provider.told()).containsExactly("bobs Alice in Lunch: hello 1");
  }

  @Test
  void whoIsMutedOrHasBlockedTheSenderOrSleepsIsNotTold() {
    phone("carol", "carols");
    phone("dave", "daves");
    phone("erin", "erins");
    users.change("bob", user -> user.toBuilder().setPreferences(
        PushPreferences.newBuilder().setMuteUntil(Timestamps.of(time.instant().plusSeconds(60)))).build()).join();
    users.change("carol", user -> user.toBuilder().addConversations(
        ConversationPushPreferences.newBuilder().setConversationId(C).setMentionsOnly(true)).build()).join();
    users.change("dave", user -> user.toBuilder().setPreferences(
        PushPreferences.newBuilder().setQuietHours(
            QuietHours.newBuilder().setTimeZone("Asia/Tokyo").setStartMinute(20 * 60).setEndMinute(7 * 60))).build())
        .join();
    broker
        .table(TableName.BLOCKS)
        .put("erin", BlockList.newBuilder().addUserIds("alice").build().toByteArray(), 0)
        .join();
    Talk talk = talk("alice", "bob", "carol", "dave", "erin");
    talk.say("alice", "hi");
    time.pass(SOON);
    assertThat(provider.sent).isEmpty();

    talk.say("alice", "hi carol", "carol");
    time.pass(Duration.ofMinutes(2));
    talk.say("alice", "bob can hear");
    time.pass(SOON);
    assertThat(provider.told())
        .containsExactly("carols Alice in Lunch: hi carol 1", "bobs Alice in Lunch: bob can hear 1");
  }

  @Test
  void hiddenContentIsNotTold() {
    users.change("bob", user -> user.toBuilder().setPreferences(
        PushPreferences.newBuilder().setHiddenContent(true)).build()).join();
    talk("alice", "bob").say("alice", "hi");

    time.pass(SOON);
    assertThat(provider.told()).containsExactly("bobs Parley: New message 1");
  }

  @Test
  void aProviderThatWantsToWaitIsTriedAgainThenAndNotBefore() {
    provider.answers(new Answer.TryAgain(Duration.ofSeconds(20), "429"));
    talk("alice", "bob").say("alice", "hi");
    time.pass(SOON);
    provider.answers(push -> FakeProvider.accepted());

    time.pass(Duration.ofSeconds(18));
    assertThat(provider.sent).hasSize(1);
    time.pass(Duration.ofSeconds(3));
    assertThat(provider.sent).hasSize(2);
    assertThat(provider.sent.getFirst().id()).isEqualTo(provider.sent.getLast().id());
    assertThat(deadLetters()).isEmpty();
  }

  @Test
  void whatComesWhileAProviderDoesNotAnswerTakesThePlaceOfWhatWaits() {
    provider.answers(push -> CompletableFuture.failedStage(new IOException("down")));
    Talk talk = talk("alice", "bob");
    talk.say("alice", "one");
    time.pass(SOON);
    talk.say("alice", "two");
    time.pass(SOON);
    provider.answers(push -> FakeProvider.accepted());
    provider.sent.clear();

    time.pass(Duration.ofSeconds(20));
    assertThat(provider.told()).containsExactly("bobs Alice in Lunch: two 2");
  }

  @Test
  void whatIsReadWhileItWaitsIsNotToldAnyMore() {
    provider.answers(push -> CompletableFuture.failedStage(new IOException("down")));
    Talk talk = talk("alice", "bob");
    long seq = talk.say("alice", "one");
    time.pass(SOON);
    talk.read("bob", seq);
    provider.sent.clear();

    time.pass(Duration.ofMinutes(2));
    assertThat(provider.sent).isEmpty();
    assertThat(deadLetters()).isEmpty();
  }

  @Test
  void whatIsTriedForTooLongIsADeadLetterAndIsTriedAgainWhenTheProviderIsBack() {
    provider.answers(push -> CompletableFuture.failedStage(new IOException("down")));
    talk("alice", "bob").say("alice", "hi");
    time.pass(Duration.ofSeconds(85));

    assertThat(deadLetters()).singleElement().satisfies(letter -> {
      assertThat(letter.getUserId()).isEqualTo("bob");
      assertThat(letter.getReason()).isEqualTo("down");
      assertThat(letter.getSeq()).isEqualTo(2);
    });
    provider.answers(push -> FakeProvider.accepted());
    provider.sent.clear();
    dispatcher.available("fcm");
    time.pass(Duration.ofSeconds(20));
    assertThat(provider.sent).hasSize(1);
    assertThat(deadLetters()).isEmpty();
    time.pass(Duration.ofMinutes(2));
    assertThat(provider.sent).hasSize(1);
  }

  @Test
  void aProviderIsAskedNowAndThenWhetherItIsBack() {
    provider.answers(push -> CompletableFuture.failedStage(new IOException("down")));
    talk("alice", "bob").say("alice", "hi");
    time.pass(Duration.ofMinutes(5));
    assertThat(deadLetters()).hasSize(1);
    provider.answers(push -> FakeProvider.accepted());

    time.pass(Duration.ofMinutes(2));
    assertThat(deadLetters()).isEmpty();
  }

  @Test
  void whatAProviderNeverTakesIsADeadLetterUntilAnOperatorHasItTriedAgain() {
    provider.answers(new Answer.Rejected("bad topic"));
    talk("alice", "bob").say("alice", "hi");
    time.pass(SOON);
    List<DeadLetter> letters = deadLetters();
    assertThat(letters).singleElement().extracting(DeadLetter::getReason).isEqualTo("bad topic");

    dispatcher.available("fcm");
    time.pass(SOON);
    assertThat(provider.sent).hasSize(1);
    CompletableFuture<Integer> again = dispatcher.redrive(List.of(letters.getFirst().getDeadLetterId()));
    time.pass(SOON);
    assertThat(again).isCompletedWithValue(1);
    assertThat(provider.sent).hasSize(2);
    assertThat(deadLetters()).hasSize(1);
  }

  @Test
  void aDeviceThatIsGoneIsRemoved() {
    provider.answers(new Answer.DeviceGone("unregistered"));
    Talk talk = talk("alice", "bob");
    talk.say("alice", "hi");
    time.pass(SOON);

    assertThat(users.of("bob").getDevicesList()).isEmpty();
    talk.say("alice", "hi");
    time.pass(SOON);
    assertThat(provider.sent).hasSize(1);
    assertThat(deadLetters()).isEmpty();
  }

  @Test
  void aDispatcherThatWasDownForAnHourTellsOnceWhatIsNotReadAndNotStale() {
    Talk talk = talk("alice", "bob");
    process.die();
    talk.say("alice", "yesterday");
    time.pass(Duration.ofHours(13));
    for (int i = 0; i < 300; i++) {
      talk.say("alice", "m" + i);
    }
    talk.read("bob", 200);
    time.pass(Duration.ofHours(1));
    broker.dispatch().dispatchers().withdraw("d1").join();
    dispatcher = dispatcher("d1", time.process());
    dispatcher.start();

    time.pass(SOON);
    assertThat(provider.told()).containsExactly("bobs Alice in Lunch: m299 102");
  }

  @Test
  void whoTakesOverFromADeadDispatcherDoesAgainWhatWasNotWrittenUnderTheSameIdAndNothingElse() {
    Talk talk = talk("alice", "bob");
    talk.say("alice", "written");
    time.pass(SOON);
    CompletableFuture<Answer> never = new CompletableFuture<>();
    provider.answers(push -> never);
    talk.say("alice", "not written");
    time.pass(SOON);
    assertThat(provider.sent).hasSize(2);

    process.die();
    provider.answers(push -> FakeProvider.accepted());
    broker.dispatch().dispatchers().withdraw("d1").join();
    dispatcher = dispatcher("d2", time.process());
    dispatcher.start();
    time.pass(SOON);
    assertThat(provider.sent).hasSize(3);
    assertThat(provider.sent.get(2).id()).isEqualTo(provider.sent.get(1).id());
    time.pass(Duration.ofMinutes(1));
    assertThat(provider.sent).hasSize(3);
  }

  @Test
  void aDispatcherThatWakesUpAfterItsShardsWereTakenWritesNothingMore() {
    Talk talk = talk("alice", "bob");
    CompletableFuture<Answer> late = new CompletableFuture<>();
    provider.answers(push -> late);
    talk.say("alice", "hi");
    time.pass(SOON);

    process.stop();
    broker.dispatch().dispatchers().withdraw("d1").join();
    dispatcher = dispatcher("d2", time.process());
    provider.answers(push -> FakeProvider.accepted());
    dispatcher.start();
    time.pass(SOON);
    assertThat(provider.sent).hasSize(2);
    late.complete(new Answer.Rejected("too late"));
    process.goOn();
    time.pass(SOON);

    assertThat(deadLetters()).isEmpty();
    assertThat(provider.sent).hasSize(2);
  }

  @Test
  void whoLeavesHasWrittenEverything() {
    talk("alice", "bob").say("alice", "hi");
    time.pass(GRACE.plusMillis(100));
    assertThat(provider.sent).hasSize(1);

    CompletableFuture<Void> left = dispatcher.leave();
    time.pass(Duration.ofSeconds(1));
    assertThat(left).isCompleted();
    dispatcher = dispatcher("d2", time.process());
    dispatcher.start();
    time.pass(Duration.ofMinutes(1));
    assertThat(provider.sent).hasSize(1);
  }
}
