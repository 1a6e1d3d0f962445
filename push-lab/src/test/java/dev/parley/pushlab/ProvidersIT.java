package dev.parley.pushlab;

import static dev.parley.pushlab.LabDispatcher.alert;
import static dev.parley.pushlab.LabDispatcher.push;
import static dev.parley.pushlab.LabDispatcher.withdrawal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.parley.chassis.resilience.HopException;
import dev.parley.dispatcher.push.ProviderException;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.pushlab.http.Fault;
import dev.parley.pushlab.phone.Kind;
import dev.parley.pushlab.phone.Phone;
import dev.parley.pushlab.phone.Received;
import dev.parley.v1.ApnsTarget;
import dev.parley.v1.FcmTarget;
import dev.parley.v1.PushTarget;
import dev.parley.v1.WebPushTarget;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The dispatcher's providers against servers that speak the real protocols. */
@TestInstance(Lifecycle.PER_CLASS)
class ProvidersIT {
  private static final String CONVERSATION = "0d8c6a52-1f2e-8d3b-9a70-3f0c2f1c1f11";
  private static final Map<String, String> SHORT_TIMES =
      Map.of(
          "parley.dispatcher.push.fcm.hop.time-limit", "300ms",
          "parley.dispatcher.push.apns.hop.time-limit", "300ms",
          "parley.dispatcher.push.web.hop.time-limit", "300ms");

  private PushLabServer lab;
  private LabDispatcher dispatcher;

  @BeforeAll
  void startLab(@TempDir Path directory) throws IOException {
    lab = new PushLabServer(new PushLabSettings(directory, 0, 0, 0, 0, 1_000, 1), InstantSource.system());
  }

  @AfterAll
  void stopLab() {
    lab.close();
  }

  @BeforeEach
  void startDispatcher() throws IOException {
    dispatcher = new LabDispatcher(lab.dispatcherSettings(), Map.of());
  }

  @AfterEach
  void stopDispatcher() throws IOException {
    dispatcher.close();
    for (Kind kind : Kind.values()) {
      lab.fail(kind, null);
    }
  }

  private Phone phone(Kind kind) throws IOException {
    return lab.phones().create(kind, "a phone");
  }

  // ------------------------------------------------------------------ what a phone shows

  @ParameterizedTest
  @EnumSource
  void aMessageShowsOnThePhone(Kind kind) throws Exception {
    Phone phone = phone(kind);
    Push push = alert(phone, CONVERSATION, 42, "hello \"you\" <b> 😀");
    assertThat(dispatcher.send(push)).isEqualTo(new Answer.Accepted());
    assertThat(phone.shown())
        .singleElement()
        .satisfies(
            shown -> {
              assertThat(shown.id()).isEqualTo(push.id());
              assertThat(shown.title()).isEqualTo("Ann");
              assertThat(shown.body()).isEqualTo("hello \"you\" <b> 😀");
              assertThat(shown.conversationId()).isEqualTo(CONVERSATION);
              assertThat(shown.seq()).isEqualTo(42);
            });
    assertThat(phone.badge()).isEqualTo(7);
  }

  @ParameterizedTest
  @EnumSource
  void aNewerPushOfAConversationReplacesTheOlder(Kind kind) throws Exception {
    Phone phone = phone(kind);
    dispatcher.send(alert(phone, CONVERSATION, 1, "first"));
    dispatcher.send(alert(phone, "another", 1, "of another"));
    dispatcher.send(alert(phone, CONVERSATION, 2, "second"));
    assertThat(phone.shown()).extracting(Received::body).containsExactlyInAnyOrder("second", "of another");
    assertThat(phone.received()).hasSize(3);
  }

  @ParameterizedTest
  @EnumSource
  void aWithdrawalTakesAwayWhatIsShownOfItsConversation(Kind kind) throws Exception {
    Phone phone = phone(kind);
    dispatcher.send(alert(phone, CONVERSATION, 1, "read elsewhere"));
    dispatcher.send(alert(phone, "another", 1, "stays"));
    assertThat(dispatcher.send(withdrawal(phone, CONVERSATION, 1))).isEqualTo(new Answer.Accepted());
    assertThat(phone.shown()).extracting(Received::body).containsExactly("stays");
  }

  @ParameterizedTest
  @EnumSource
  void theLongestTextsAreTaken(Kind kind) throws Exception {
    Phone phone = phone(kind);
    String worst = "\u0001\"".repeat(5_000);
    assertThat(dispatcher.send(push(phone.target(), CONVERSATION, 1, new Push.Alert(worst, worst))))
        .isEqualTo(new Answer.Accepted());
    assertThat(phone.shown()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void manyAtOnceAllArrive(Kind kind) throws Exception {
    Phone phone = phone(kind);
    List<CompletableFuture<Answer>> answers = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      answers.add(dispatcher.begin(alert(phone, "conversation-" + i, i, "hello")));
    }
    for (CompletableFuture<Answer> answer : answers) {
      assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo(new Answer.Accepted());
    }
    assertThat(phone.shown()).hasSize(400);
  }

  // ------------------------------------------------------------------ devices that are gone

  @ParameterizedTest
  @EnumSource
  void aPhoneWithoutTheAppIsGone(Kind kind) throws Exception {
    Phone phone = phone(kind);
    lab.phones().unregister(phone);
    assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "hello"))).isInstanceOf(Answer.DeviceGone.class);
    assertThat(phone.received()).isEmpty();
  }

  @Test
  void aTokenThatWasNeverGivenOutIsGone() throws Exception {
    dispatcher.send(alert(lab.newApnsPhone("a"), CONVERSATION, 1, "accepted, so the settings are right"));
    WebPushTarget browser = lab.newBrowser("b").target().getWebPush();
    for (PushTarget target :
        List.of(
            PushTarget.newBuilder().setFcm(FcmTarget.newBuilder().setToken("other:APA91bxyz")).build(),
            PushTarget.newBuilder().setFcm(FcmTarget.newBuilder().setToken("no-token-at-all")).build(),
            PushTarget.newBuilder().setApns(ApnsTarget.newBuilder().setToken("00".repeat(32))).build(),
            PushTarget.newBuilder()
                .setWebPush(browser.toBuilder().setEndpoint(browser.getEndpoint() + "x"))
                .build())) {
      assertThat(dispatcher.send(push(target, CONVERSATION, 1, new Push.Alert("t", "b"))))
          .isInstanceOf(Answer.DeviceGone.class);
    }
  }

  @Test
  void aSubscriptionWhoseKeyIsNoPointIsGoneWithoutARequest() throws Exception {
    Phone phone = lab.newBrowser("b");
    byte[] point = phone.target().getWebPush().getP256Dh().toByteArray();
    point[64] ^= 1;
    WebPushTarget bad = phone.target().getWebPush().toBuilder().setP256Dh(ByteString.copyFrom(point)).build();
    lab.fail(Kind.WEB_PUSH, Fault.of(Fault.Kind.REFUSE, 0));
    assertThat(
            dispatcher.send(
                push(PushTarget.newBuilder().setWebPush(bad).build(), CONVERSATION, 1, new Push.Alert("t", "b"))))
        .isInstanceOf(Answer.DeviceGone.class);
  }

  @Test
  void anAddressThatIsNoPushServiceGetsNoRequest() throws Exception {
    WebPushTarget elsewhere =
        lab.newBrowser("b").target().getWebPush().toBuilder().setEndpoint("https://localhost:1/push/x").build();
    assertThat(
            dispatcher.send(
                push(PushTarget.newBuilder().setWebPush(elsewhere).build(), CONVERSATION, 1, new Push.Alert("t", "b"))))
        .isInstanceOf(Answer.Rejected.class);
  }

  // ------------------------------------------------------------------ refusals and advice

  @ParameterizedTest
  @CsvSource({"FCM, 429", "FCM, 503", "WEB_PUSH, 429", "WEB_PUSH, 503"})
  void retryAfterIsHandedOn(Kind kind, int status) throws Exception {
    Phone phone = phone(kind);
    lab.fail(kind, Fault.retryAfter(status, 17, 1));
    assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "later")))
        .isInstanceOfSatisfying(
            Answer.TryAgain.class, answer -> assertThat(answer.after()).isEqualTo(Duration.ofSeconds(17)));
    assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "now"))).isEqualTo(new Answer.Accepted());
  }

  @ParameterizedTest
  @CsvSource({"429, TooManyRequests", "503, ServiceUnavailable", "429, TooManyProviderTokenUpdates"})
  void appleIsTriedAgain(int status, String reason) throws Exception {
    lab.fail(Kind.APNS, Fault.reason(status, reason, 1));
    assertThat(dispatcher.send(alert(lab.newApnsPhone("p"), CONVERSATION, 1, "later")))
        .isInstanceOfSatisfying(
            Answer.TryAgain.class, answer -> assertThat(answer.after()).isGreaterThanOrEqualTo(Duration.ofSeconds(1)));
  }

  @ParameterizedTest
  @CsvSource({
    "FCM, 401, THIRD_PARTY_AUTH_ERROR", "FCM, 403, SENDER_ID_MISMATCH", "FCM, 400, INVALID_ARGUMENT", "APNS, 413, PayloadTooLarge", "APNS, 400, BadTopic",
    "WEB_PUSH, 413, ''", "WEB_PUSH, 400, ''", "WEB_PUSH, 301, ''"
  })
  void whatWillNeverBeTakenIsRejected(Kind kind, int status, String reason) throws Exception {
    lab.fail(kind, Fault.reason(status, reason, 1));
    assertThat(dispatcher.send(alert(phone(kind), CONVERSATION, 1, "never"))).isInstanceOf(Answer.Rejected.class);
  }

  @ParameterizedTest
  @CsvSource({
    "APNS, 400, BadDeviceToken", "APNS, 400, DeviceTokenNotForTopic", "WEB_PUSH, 410, ''"
  })
  void aDeviceThatIsNotOfThisAppIsGone(Kind kind, int status, String reason) throws Exception {
    dispatcher.send(alert(phone(kind), CONVERSATION, 1, "accepted, so the settings are right"));
    lab.fail(kind, Fault.reason(status, reason, 1));
    assertThat(dispatcher.send(alert(phone(kind), CONVERSATION, 1, "gone"))).isInstanceOf(Answer.DeviceGone.class);
  }

  @ParameterizedTest
  @EnumSource
  void aServerErrorIsAFailure(Kind kind) throws Exception {
    Phone phone = phone(kind);
    lab.fail(kind, Fault.status(500, 1));
    assertThatThrownBy(() -> dispatcher.send(alert(phone, CONVERSATION, 1, "fails")))
        .isInstanceOf(ProviderException.class);
    assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "works"))).isEqualTo(new Answer.Accepted());
  }

  @Test
  void anAccessTokenThatIsRefusedIsRenewed() throws Exception {
    Phone phone = lab.newFcmPhone("p");
    dispatcher.send(alert(phone, CONVERSATION, 1, "with the first token"));
    lab.revokeAccessTokens();
    assertThatThrownBy(() -> dispatcher.send(alert(phone, CONVERSATION, 2, "refused")))
        .isInstanceOf(ProviderException.class)
        .hasMessageContaining("401");
    assertThat(dispatcher.send(alert(phone, CONVERSATION, 3, "with the second"))).isEqualTo(new Answer.Accepted());
  }

  @Test
  void aProviderWithoutCredentialsRejects() throws Exception {
    try (LabDispatcher bare = new LabDispatcher(Map.of(), Map.of())) {
      assertThat(bare.send(alert(lab.newFcmPhone("p"), CONVERSATION, 1, "x")))
          .isEqualTo(new Answer.Rejected("fcm is not configured"));
      assertThat(bare.send(alert(lab.newApnsPhone("p"), CONVERSATION, 1, "x")))
          .isEqualTo(new Answer.Rejected("apns is not configured"));
      assertThat(bare.send(alert(lab.newBrowser("p"), CONVERSATION, 1, "x")))
          .isEqualTo(new Answer.Rejected("web_push is not configured"));
    }
  }

  // ------------------------------------------------------------------ servers that fail

  @ParameterizedTest
  @CsvSource({"FCM, STATUS", "APNS, STATUS", "WEB_PUSH, STATUS", "FCM, REFUSE", "APNS, REFUSE", "WEB_PUSH, REFUSE"})
  void theBreakerOpensWhileAServerFailsAndClosesWhenItAnswersAgain(
      Kind kind, Fault.Kind fault) throws Exception {
    Phone phone = phone(kind);
    dispatcher.send(alert(phone, CONVERSATION, 1, "before"));
    lab.fail(kind, fault == Fault.Kind.STATUS ? Fault.status(500, 0) : Fault.of(fault, 0));
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThatThrownBy(() -> dispatcher.send(alert(phone, CONVERSATION, 2, "fails")))
                    .isInstanceOfSatisfying(HopException.class, e -> assertThat(e.kind()).isEqualTo(HopException.Kind.OPEN)));
    lab.fail(kind, null);
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(() -> dispatcher.send(alert(phone, CONVERSATION, 3, "after")), new Answer.Accepted()::equals);
  }

  @ParameterizedTest
  @EnumSource
  void silenceEndsWithTheTimeLimit(Kind kind) throws Exception {
    Phone phone = phone(kind);
    try (LabDispatcher impatient = new LabDispatcher(lab.dispatcherSettings(), SHORT_TIMES)) {
      await()
          .atMost(Duration.ofSeconds(10)) // the first connection may take longer than that limit
          .ignoreExceptions()
          .until(() -> impatient.send(alert(phone, CONVERSATION, 1, "before")), new Answer.Accepted()::equals);
      lab.fail(kind, Fault.of(Fault.Kind.SILENCE, 1));
      assertThatThrownBy(() -> impatient.send(alert(phone, CONVERSATION, 2, "silence")))
          .isInstanceOfSatisfying(HopException.class, e -> assertThat(e.kind()).isEqualTo(HopException.Kind.TIME_LIMIT));
      assertThat(impatient.send(alert(phone, CONVERSATION, 3, "after"))).isEqualTo(new Answer.Accepted());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aSlowAnswerCounts(Kind kind) throws Exception {
    Phone phone = phone(kind);
    lab.fail(kind, new Fault(Fault.Kind.SLOW, 0, null, 0, Duration.ofMillis(200), 1));
    assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "late"))).isEqualTo(new Answer.Accepted());
    assertThat(phone.shown()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"FCM", "WEB_PUSH"})
  void aBodyThatDoesNotEndIsCut(Kind kind) throws Exception {
    Phone phone = phone(kind);
    lab.fail(kind, Fault.of(Fault.Kind.FLOOD, 1));
    assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "flood"))).isEqualTo(new Answer.Accepted());
    assertThat(dispatcher.send(alert(phone, CONVERSATION, 2, "after"))).isEqualTo(new Answer.Accepted());
  }

  @ParameterizedTest
  @EnumSource(names = {"FCM", "WEB_PUSH"})
  void aPushThatIsCutHurtsNoOtherOnItsConnection(Kind kind) throws Exception {
    Phone phone = phone(kind);
    dispatcher.send(alert(phone, CONVERSATION, 1, "connects"));
    lab.fail(kind, new Fault(Fault.Kind.SLOW, 0, null, 0, Duration.ofSeconds(1), 1));
    CompletableFuture<Answer> slow = dispatcher.begin(alert(phone, CONVERSATION, 2, "slow"));
    await().until(() -> !lab.isFailing(kind));
    lab.fail(kind, Fault.of(Fault.Kind.FLOOD, 1));
    dispatcher.send(alert(phone, CONVERSATION, 3, "flood"));
    assertThat(slow.get(20, TimeUnit.SECONDS)).isEqualTo(new Answer.Accepted());
  }
}
