package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Timestamps;
import dev.parley.dispatcher.webhook.Endpoints.Call;
import dev.parley.v1.WebhookState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WebhookEngineTest {
  private static final String A = "https://a.example/hook";
  private static final String B = "https://b.example/hook";
  private static final Duration DAY = Duration.ofHours(24);

  private final Rig rig = new Rig();
  private final Endpoints endpoints = rig.endpoints;

  private static String[] numbered(String prefix, int count) {
    return IntStream.rangeClosed(1, count).mapToObj(i -> prefix + i).toArray(String[]::new);
  }

  // ------------------------------------------------------------------ order and bounds

  @Test
  void theEventsOfAConversationComeOneAfterAnother() {
    WebhookEngine dispatcher = rig.dispatcher();
    rig.webhook(A);
    endpoints.manner(A, call -> null);
    rig.say("c1", "one", "two");
    rig.log.messages("c1", rig.now, "three", "four");
    rig.settle(dispatcher);

    List<String> came = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      assertThat(endpoints.open(A)).hasSize(1);
      Call call = endpoints.open(A).getFirst();
      came.add(call.text());
      call.answer(204);
      rig.run();
    }
    assertThat(came).containsExactly("one", "two", "three", "four");
    assertThat(endpoints.open(A)).isEmpty();
  }

  /** Lets the endpoint take so much that as much as is allowed may be under way. */
  private void warm(WebhookEngine dispatcher) {
    rig.say("c0", numbered("w", 40));
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).hasSize(40);
  }

  @Test
  void moreIsUnderWayAtOnceTheMoreAnEndpointHasTaken() {
    WebhookEngine dispatcher = rig.dispatcher();
    rig.webhook(A);
    endpoints.manner(A, call -> null);
    for (String conversation : numbered("c", 20)) {
      rig.say(conversation, "hello");
    }
    rig.settle(dispatcher);
    for (int expected = 2; expected < 8; expected++) {
      assertThat(endpoints.open(A)).hasSize(expected);
      endpoints.open(A).getFirst().answer(200);
      rig.run();
    }
    endpoints.open(A).forEach(call -> call.answer(500));
    rig.run();
    rig.pass(Duration.ofSeconds(10), dispatcher);
    assertThat(endpoints.open(A)).hasSize(1);
    endpoints.open(A).getFirst().answer(200);
    rig.run();
    assertThat(endpoints.open(A)).hasSize(3);
  }

  @Test
  void sixteenConversationsOfAShardAreUnderWayAtOnce() {
    WebhookEngine dispatcher = rig.dispatcher();
    rig.webhook(A);
    warm(dispatcher);
    endpoints.manner(A, call -> null);
    for (String conversation : numbered("c", 20)) {
      rig.say(conversation, "hello from " + conversation);
    }
    rig.settle(dispatcher);
    assertThat(endpoints.open(A)).hasSize(16);

    endpoints.open(A).getFirst().answer(200);
    rig.run();
    assertThat(endpoints.open(A)).hasSize(16);
  }

  @Test
  void noMoreIsReadThanMayBeLookedAhead() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    endpoints.manner(A, call -> null);
    rig.say("c1", numbered("m", 300));
    rig.say("c2", "behind");
    rig.settle(dispatcher);

    assertThat(endpoints.texts(A)).containsExactly("m1");
    for (int i = 0; i < 51; i++) {
      endpoints.open(A).getFirst().answer(200);
      rig.run();
    }
    assertThat(endpoints.texts(A)).contains("m51", "behind");
    rig.settle(dispatcher);
    assertThat(rig.cursor(id).getPosition()).isEqualTo(50);
  }

  @Test
  void anEndpointIsToldOfTheConversationsThatItAskedForAndTheCursorPassesTheOthers() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A, "c2");
    rig.log.owner(rig.now);
    rig.say("c1", "not for a");
    rig.say("c2", "for a");
    rig.log.filler(rig.now);
    rig.settle(dispatcher);

    assertThat(endpoints.texts(A)).containsExactly("for a");
    assertThat(rig.cursor(id).getPosition()).isEqualTo(4);
  }

  @Test
  void aNewEndpointIsToldOfWhatHappensFromThenOn() {
    WebhookEngine dispatcher = rig.dispatcher();
    rig.say("c1", "before");
    rig.pass(Duration.ofMinutes(1), dispatcher);
    rig.webhook(A);
    rig.pass(Duration.ofMillis(1), dispatcher);
    rig.say("c1", "after");
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).containsExactly("after");
  }

  @Test
  void whoIsToldThatTheShardHasGrownDoesNotWait() {
    WebhookEngine dispatcher = rig.dispatcher();
    rig.webhook(A);
    rig.pass(Duration.ofMillis(1), dispatcher);
    rig.say("c1", "now");
    dispatcher.wake(0, 1);
    rig.run();
    assertThat(endpoints.texts(A)).containsExactly("now");
  }

  @Test
  void aCursorIsStoredAtMostOnceASecond() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    rig.settle(dispatcher);
    long before = rig.cursorRevision(id);
    for (int i = 0; i < 20; i++) {
      rig.say("c1", "m" + i);
      dispatcher.wake(0, i + 1);
      rig.run();
      rig.pass(Duration.ofMillis(100), dispatcher);
    }
    assertThat(endpoints.calls).hasSize(20);
    assertThat(rig.cursorRevision(id)).isBetween(before + 2, before + 3);
    rig.settle(dispatcher);
    assertThat(rig.cursor(id).getPosition()).isEqualTo(20);
  }

  // ------------------------------------------------------------------ failures

  @Test
  void anEndpointThatFailsIsTriedOneAtATimeAndGoesOnWhereItStopped() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    endpoints.manner(A, call -> Endpoints.status(500));
    for (String conversation : numbered("c", 5)) {
      rig.say(conversation, "x", "y");
    }
    rig.settle(dispatcher);
    int first = endpoints.calls.size();
    assertThat(first).isLessThanOrEqualTo(5);
    assertThat(rig.view(id).getFailure().getReason()).isEqualTo("status 500");

    rig.pass(Duration.ofSeconds(6), dispatcher);
    assertThat(endpoints.calls).hasSize(first + 1);
    rig.pass(Duration.ofSeconds(20), dispatcher);
    assertThat(endpoints.calls).hasSize(first + 1);
    rig.pass(Duration.ofSeconds(20), dispatcher);
    assertThat(endpoints.calls).hasSize(first + 2);

    endpoints.calls.clear();
    endpoints.manner(A, call -> Endpoints.status(200));
    rig.pass(Duration.ofMinutes(3), dispatcher);
    rig.settle(dispatcher);
    for (String conversation : numbered("c", 5)) {
      assertThat(endpoints.calls)
          .filteredOn(call -> call.payload().getData().getConversationId().equals(conversation))
          .extracting(Call::text)
          .containsExactly("x", "y");
    }
    assertThat(rig.cursor(id).getPosition()).isEqualTo(10);
    assertThat(rig.view(id).hasFailure()).isFalse();
    assertThat(rig.view(id).getDeliveredTime()).isEqualTo(Timestamps.of(rig.now));
  }

  @Test
  void anEndpointThatFailsOrNeverAnswersDelaysNoOther() {
    WebhookEngine dispatcher = rig.dispatcher();
    rig.webhook(A);
    rig.webhook(B);
    rig.webhook("https://c.example/hook");
    endpoints.manner(A, call -> null);
    endpoints.manner(B, call -> Endpoints.status(500));
    for (String conversation : numbered("c", 40)) {
      rig.say(conversation, "1", "2");
    }
    rig.settle(dispatcher);
    assertThat(endpoints.to("https://c.example/hook")).hasSize(80);
    assertThat(endpoints.to(A)).hasSize(2);
  }

  @Test
  void endpointsThatNeverAnswerDoNotTakeAllThePlaces() {
    Duration second = Duration.ofSeconds(1);
    WebhookEngine dispatcher =
        rig.dispatcher(new WebhookSettings(100, 5, 5, 16, 256, 256 << 10, second, second, DAY));
    rig.webhook(A);
    rig.webhook(B);
    rig.webhook("https://c.example/hook");
    endpoints.manner(A, call -> null);
    endpoints.manner(B, call -> null);
    for (String conversation : numbered("c", 20)) {
      rig.say(conversation, "x");
    }
    rig.settle(dispatcher);
    assertThat(endpoints.open(A)).hasSize(2);
    assertThat(endpoints.open(B)).hasSize(2);
    assertThat(endpoints.to("https://c.example/hook")).hasSize(20);
  }

  @Test
  void aRecordThatIsLargerThanWhatMayBeHeldComesAllTheSame() {
    Duration second = Duration.ofSeconds(1);
    WebhookEngine dispatcher = rig.dispatcher(new WebhookSettings(100, 5, 5, 16, 256, 1, second, second, DAY));
    rig.webhook(A);
    rig.say("c1", "x".repeat(10_000), "y");
    rig.say("c2", "z");
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).containsExactly("x".repeat(10_000), "y", "z");
  }

  @Test
  void anEventThatAnEndpointNeverTakesHoldsUpItsConversationAlone() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    endpoints.manner(A, call -> Endpoints.status(call.text().equals("poison") ? 400 : 200));
    rig.say("c1", "poison", "behind");
    rig.say("c2", "first");
    rig.settle(dispatcher);
    for (int i = 0; i < 30; i++) {
      rig.say("c2", "m" + i);
      rig.pass(Duration.ofSeconds(10), dispatcher);
    }
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).contains("m0", "m15", "m28").doesNotContain("behind");
    assertThat(endpoints.texts(A).stream().filter("poison"::equals).count()).isBetween(3L, 7L);
    assertThat(rig.cursor(id).getPosition()).isZero();
    assertThat(Timestamps.toInstant(rig.view(id).getFailure().getSince())).isBefore(Rig.START.plusSeconds(5));

    for (int i = 0; i < 26; i++) {
      rig.say("c2", "later" + i);
      rig.pass(Duration.ofHours(1), dispatcher);
    }
    assertThat(rig.stored(id).getWebhook().getState()).isEqualTo(WebhookState.WEBHOOK_STATE_FAILED);
  }

  @Test
  void retryAfterIsObeyed() {
    WebhookEngine dispatcher = rig.dispatcher();
    rig.webhook(A);
    endpoints.manner(A, call -> Endpoints.status(429, "120"));
    rig.say("c1", "x");
    rig.settle(dispatcher);
    assertThat(endpoints.calls).hasSize(1);
    rig.pass(Duration.ofSeconds(110), dispatcher);
    assertThat(endpoints.calls).hasSize(1);
    rig.pass(Duration.ofSeconds(15), dispatcher);
    assertThat(endpoints.calls).hasSize(2);
  }

  @Test
  void anEndpointThatIsGoneIsNotTriedAgainUntilItIsEnabled() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    endpoints.manner(A, call -> Endpoints.status(410));
    rig.say("c1", "x");
    rig.settle(dispatcher);
    assertThat(rig.stored(id).getWebhook().getState()).isEqualTo(WebhookState.WEBHOOK_STATE_FAILED);
    assertThat(rig.stored(id).getWebhook().getFailure().getReason()).isEqualTo("status 410: the endpoint is gone");
    rig.pass(DAY, dispatcher);
    assertThat(endpoints.calls).hasSize(1);

    endpoints.manner(A, call -> Endpoints.status(200));
    rig.enable(id);
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).containsExactly("x", "x");
    assertThat(rig.view(id).hasFailure()).isFalse();
  }

  @Test
  void anEndpointThatFailsForADayIsGivenUpAndGoesOnWhereItStoppedWhenItIsEnabled() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    rig.say("c1", "taken");
    rig.settle(dispatcher);
    endpoints.manner(A, call -> Endpoints.status(503));
    rig.say("c1", "x", "y");
    rig.settle(dispatcher);
    for (int i = 0; i < 23; i++) {
      rig.pass(Duration.ofHours(1), dispatcher);
    }
    assertThat(rig.stored(id).getWebhook().getState()).isEqualTo(WebhookState.WEBHOOK_STATE_ENABLED);
    rig.pass(Duration.ofHours(2), dispatcher);
    assertThat(rig.stored(id).getWebhook().getState()).isEqualTo(WebhookState.WEBHOOK_STATE_FAILED);
    assertThat(rig.stored(id).getWebhook().getFailure().getAttempts()).isBetween(15, 26);
    int tried = endpoints.calls.size();
    rig.pass(DAY, dispatcher);
    assertThat(endpoints.calls).hasSize(tried);

    // It fails a little longer: that is a new failure, for which it has a day again.
    rig.enable(id);
    rig.settle(dispatcher);
    assertThat(endpoints.calls).hasSize(tried + 1);
    assertThat(rig.stored(id).getWebhook().getState()).isEqualTo(WebhookState.WEBHOOK_STATE_ENABLED);

    endpoints.calls.clear();
    endpoints.manner(A, call -> Endpoints.status(200));
    rig.pass(Duration.ofMinutes(1), dispatcher);
    assertThat(endpoints.texts(A)).containsExactly("x", "y");
  }

  @Test
  void whatIsDeletedWhileAnEndpointFailsIsNotToldLater() throws Exception {
    WebhookEngine dispatcher = rig.dispatcher();
    rig.webhook(A);
    endpoints.manner(A, call -> Endpoints.status(500));
    long position = rig.log.messages("c1", rig.now, "a secret");
    rig.say("c1", "another");
    rig.settle(dispatcher);
    rig.log.erase(position, 1);
    endpoints.calls.clear();
    endpoints.manner(A, call -> Endpoints.status(200));
    rig.pass(Duration.ofMinutes(1), dispatcher);
    assertThat(endpoints.calls).extracting(call -> call.payload().getType()).containsExactly("event.erased", "message.sent");
    assertThat(endpoints.texts(A)).containsExactly("", "another");
  }

  // ------------------------------------------------------------------ changes by operators

  @Test
  void aReplayBringsWhatHappenedAfterThatTimeAgainWithTheSameIds() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    rig.pass(Duration.ofSeconds(1), dispatcher);
    List<Instant> times = new ArrayList<>();
    for (int i = 1; i <= 10; i++) {
      rig.say("c1", "m" + i);
      times.add(rig.now);
      rig.pass(Duration.ofMinutes(1), dispatcher);
    }
    rig.settle(dispatcher);
    List<String> ids = endpoints.calls.stream().map(Call::id).toList();
    assertThat(ids).hasSize(10).doesNotHaveDuplicates();

    endpoints.calls.clear();
    rig.table.replay(id, times.get(5)).join();
    rig.run();
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).containsExactly("m7", "m8", "m9", "m10");
    assertThat(endpoints.calls).extracting(Call::id).isEqualTo(ids.subList(6, 10));
    assertThat(rig.cursor(id).getEpoch()).isEqualTo(2);
  }

  @Test
  void aReplayFromBeforeTheLogBeginsAtWhatIsLeft() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    rig.pass(Duration.ofSeconds(1), dispatcher);
    rig.say("c1", numbered("m", 6));
    rig.settle(dispatcher);
    rig.log.log.trim(4).join();
    endpoints.calls.clear();
    rig.table.replay(id, Instant.EPOCH).join();
    rig.run();
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).containsExactly("m4", "m5", "m6");
  }

  @Test
  void whatIsTrimmedBeforeAnEndpointGotItIsPassedOver() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    rig.table.update(id, "", WebhookState.WEBHOOK_STATE_DISABLED).join();
    rig.settle(dispatcher);
    rig.say("c1", numbered("m", 400));
    rig.log.log.trim(399).join();
    rig.enable(id);
    rig.settle(dispatcher);
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).containsExactly("m399", "m400");
    assertThat(rig.cursor(id).getPosition()).isEqualTo(400);
  }

  @Test
  void anEndpointThatIsDisabledGetsNothingAndThenWhatItMissed() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    rig.say("c1", "before");
    rig.settle(dispatcher);
    rig.table.update(id, "", WebhookState.WEBHOOK_STATE_DISABLED).join();
    rig.run();
    rig.say("c1", "meanwhile");
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).containsExactly("before");

    rig.enable(id);
    rig.settle(dispatcher);
    assertThat(endpoints.texts(A)).containsExactly("before", "meanwhile");
  }

  @Test
  void anEndpointThatIsDeletedGetsNothing() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    rig.table.delete(id).join();
    rig.say("c1", "x");
    rig.settle(dispatcher);
    assertThat(endpoints.calls).isEmpty();
  }

  @Test
  void aChangedUrlCountsForTheNextAttempt() {
    WebhookEngine dispatcher = rig.dispatcher();
    String id = rig.webhook(A);
    endpoints.manner(A, call -> Endpoints.status(500));
    rig.say("c1", "x");
    rig.settle(dispatcher);
    rig.table.update(id, B, WebhookState.WEBHOOK_STATE_UNSPECIFIED).join();
    rig.pass(Duration.ofSeconds(10), dispatcher);
    assertThat(endpoints.texts(B)).containsExactly("x");
  }

  // ------------------------------------------------------------------ several dispatchers

  @Test
  void whoTakesAShardOverGoesOnFromTheCursorAndRepeatsWithTheSameIds() {
    WebhookEngine one = rig.dispatcher();
    rig.webhook(A);
    rig.say("c1", "m1", "m2");
    rig.settle(one);
    rig.say("c1", "m3", "m4");
    one.wake(0, 4);
    rig.run();
    assertThat(endpoints.texts(A)).containsExactly("m1", "m2", "m3", "m4");

    // The first one is gone before it has stored its cursor.
    WebhookEngine other = rig.dispatcher();
    rig.say("c1", "m5");
    rig.settle(other);
    assertThat(endpoints.texts(A)).containsExactly("m1", "m2", "m3", "m4", "m3", "m4", "m5");
    assertThat(endpoints.calls.get(4).id()).isEqualTo(endpoints.calls.get(2).id());
    assertThat(endpoints.calls.get(5).id()).isEqualTo(endpoints.calls.get(3).id());
  }

  @Test
  void whoGivesAShardAwayStoresItsCursor() {
    WebhookEngine one = rig.dispatcher();
    rig.webhook(A);
    rig.say("c1", "m1", "m2");
    one.wake(0, 2);
    rig.settle(one);
    rig.say("c1", "m3");
    one.wake(0, 3);
    rig.run();
    CompletableFuture<Void> stored = one.disown(0);
    rig.run();
    assertThat(stored).isCompleted();
    rig.say("c1", "m4");
    WebhookEngine other = rig.dispatcher();
    rig.settle(one, other);
    assertThat(endpoints.texts(A)).containsExactly("m1", "m2", "m3", "m4");
  }

  @Test
  void whoFindsItsCursorTakenStops() {
    WebhookEngine deposed = rig.dispatcher();
    String id = rig.webhook(A);
    rig.settle(deposed);
    WebhookEngine owner = rig.dispatcher();
    rig.settle(owner);
    rig.say("c1", "x");
    rig.settle(deposed); // delivers, and learns by its cursor that it must not
    endpoints.calls.clear();
    rig.say("c1", "y");
    rig.settle(deposed);
    assertThat(endpoints.calls).isEmpty();
    rig.settle(owner);
    assertThat(endpoints.texts(A)).containsExactly("x", "y");
    assertThat(rig.cursor(id).getPosition()).isEqualTo(2);
  }

  @Test
  void whoLostItsCursorTriesAgainWhileItIsToldToOwnTheShard() {
    WebhookEngine deposed = rig.dispatcher();
    rig.webhook(A);
    rig.settle(deposed);
    rig.dispatcher(); // claims the cursor, and is never heard of again
    rig.say("c1", "x");
    rig.settle(deposed);
    rig.say("c1", "y");
    rig.settle(deposed);
    assertThat(endpoints.texts(A)).containsExactly("x");
    rig.pass(Duration.ofSeconds(10), deposed);
    rig.settle(deposed);
    assertThat(endpoints.texts(A)).containsExactly("x", "x", "y");
  }

  @Test
  void aDayOfFailingIsCountedOverATakeOver() {
    WebhookEngine one = rig.dispatcher();
    String id = rig.webhook(A);
    endpoints.manner(A, call -> Endpoints.status(500));
    rig.say("c1", "x");
    rig.settle(one);
    for (int i = 0; i < 20; i++) {
      rig.pass(Duration.ofHours(1), one);
    }
    rig.settle(one);
    WebhookEngine other = rig.dispatcher();
    for (int i = 0; i < 3; i++) {
      rig.pass(Duration.ofHours(1), other);
    }
    assertThat(rig.stored(id).getWebhook().getState()).isEqualTo(WebhookState.WEBHOOK_STATE_ENABLED);
    rig.pass(Duration.ofHours(2), other);
    assertThat(rig.stored(id).getWebhook().getState()).isEqualTo(WebhookState.WEBHOOK_STATE_FAILED);
  }

  @Test
  void theRequestsOfOneEndpointAreBoundedOverAllItsShards() {
    WebhookEngine dispatcher = rig.dispatcher();
    dispatcher.own(1);
    rig.webhook(A);
    warm(dispatcher);
    endpoints.manner(A, call -> null);
    WrittenLog second = new WrittenLog(rig.broker.shard(1));
    for (String conversation : numbered("c", 30)) {
      rig.say(conversation, "x");
      second.messages("d" + conversation, rig.now, "x");
    }
    rig.settle(dispatcher);
    assertThat(endpoints.open(A)).hasSize(32);
  }
}
