package dev.parley.router.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Refusal;
import dev.parley.router.Say;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Credit;
import dev.parley.v1.Delivered;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.HeadsRequest;
import dev.parley.v1.ReadMark;
import dev.parley.v1.RefreshToken;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Typing;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SessionTest {
  private static final Refusal TOO_FAST =
      new Refusal(ErrorReason.ERROR_REASON_RATE_LIMITED, "too fast", Map.of(), Duration.ofMillis(30));

  private final SessionRig rig = new SessionRig();

  @Test
  void helloIsWelcomedAndTheCompleteCursorsOpenTheSession() {
    rig.hello();
    assertThat(rig.frames()).containsExactly("welcome");
    assertThat(rig.session.device()).isEqualTo("phone");
    assertThat(rig.listing).isFalse();
    rig.cursors();
    assertThat(rig.listing).isTrue();
    rig.session.conversations(List.of());

    assertThat(rig.frames()).containsExactly("welcome", "live");
    assertThat(rig.caughtUp).isEqualTo(1);
  }

  @Test
  void framesOutOfTurnEndTheStream() {
    assertViolation(SessionRig::cursors);
    assertViolation(rig -> rig.command("too early"));
    assertViolation(rig -> {
      rig.hello();
      rig.hello();
    });
    assertViolation(rig -> {
      rig.hello();
      rig.credit(1);
    });
    assertViolation(rig -> rig.open().cursors());
    assertViolation(rig -> rig.open().credit(3));
  }

  private static void assertViolation(java.util.function.Consumer<SessionRig> what) {
    SessionRig rig = new SessionRig();
    what.accept(rig);
    assertThat(rig.closedWith()).isEqualTo("PROTOCOL_VIOLATION");
    ServerFrame last = rig.written.getLast();
    assertThat(last.getError().getClosesStream()).isTrue();
    rig.command("after the end");
    assertThat(rig.submitted).isEmpty();
  }

  @Test
  void anUnknownFrameIsToldAndTheStreamGoesOn() {
    rig.open();
    rig.send(ClientFrame.newBuilder());

    assertThat(rig.frames()).endsWith("error UNKNOWN_FRAME");
    assertThat(rig.closed).isEmpty();
  }

  @Test
  void aBrokenRuleEndsTheStreamOnlyBeforeItIsOpen() {
    Refusal why = Refusal.invalidField("command.message.text", "is too long");
    rig.open();
    rig.session.invalid(ClientFrame.newBuilder().setCommand(Say.command(SessionRig.C, Say.message("m"), rig.time.instant())).build(), why);
    rig.session.invalid(ClientFrame.newBuilder().setCredit(Credit.getDefaultInstance()).build(), why);
    assertThat(rig.frames()).endsWith("refused INVALID_FIELD", "error INVALID_FIELD");

    SessionRig early = new SessionRig();
    early.session.invalid(ClientFrame.newBuilder().setHello(dev.parley.v1.Hello.getDefaultInstance()).build(), why);
    assertThat(early.closedWith()).isEqualTo("INVALID_FIELD");
  }

  @Test
  void commandsAboveTheLimitsAreRefusedOneByOne() {
    rig.following(1);
    for (int i = 0; i < SessionRig.LIMITS.openCommands(); i++) {
      rig.command("m" + i);
    }
    rig.command("one too many");
    assertThat(rig.frames()).containsExactly("refused LIMIT_EXCEEDED");
    assertThat(rig.submitted).hasSize(SessionRig.LIMITS.openCommands());

    rig.session.answered(rig.submitted.getFirst(), rig.stored(1, true));
    rig.noAllowance = TOO_FAST;
    rig.command("too fast");
    assertThat(rig.frames()).containsExactly("refused LIMIT_EXCEEDED", "stored 1", "refused RATE_LIMITED");
    assertThat(rig.written.getLast().getSendResult().getRefused().getRetry().getRetryDelay().getNanos())
        .isEqualTo(30_000_000);
  }

  @Test
  void theSameIdWhileItIsOpenIsSentToTheOwnerOnce() {
    rig.following(1);
    var command = rig.command("m");
    rig.send(ClientFrame.newBuilder().setCommand(command));
    rig.send(ClientFrame.newBuilder().setCommand(command.toBuilder().setMessage(Say.message("other").getMessage())));

    assertThat(rig.submitted).hasSize(1);
    assertThat(rig.frames()).containsExactly("refused CLIENT_EVENT_ID_CONFLICT");
  }

  @Test
  void aRefusalEndsItsCommand() {
    rig.following(1);
    rig.command("m");
    var request = rig.submitted.getFirst();
    var refused = new dev.parley.router.shard.Answer.Refused(Refusal.of(ErrorReason.ERROR_REASON_LOG_FULL, "full"));
    rig.session.answered(request, refused);
    rig.session.answered(request, refused);

    assertThat(rig.frames()).containsExactly("refused LOG_FULL");
  }

  @Test
  void eachCommandHasOneOutcomeAndEachNewOneASpanThatEnds() {
    rig.following(1);
    var command = rig.command("stored");
    rig.send(ClientFrame.newBuilder().setCommand(command));
    rig.send(ClientFrame.newBuilder().setCommand(command.toBuilder().setMessage(Say.message("other").getMessage())));
    rig.command("refused");
    rig.command("open when the stream ends");
    rig.command("on the log, and its event has not come");
    rig.session.answered(rig.submitted.removeFirst(), rig.stored(1, true));
    rig.session.answered(
        rig.submitted.removeFirst(),
        new dev.parley.router.shard.Answer.Refused(Refusal.of(ErrorReason.ERROR_REASON_LOG_FULL, "full")));
    var late = rig.submitted.removeFirst();
    rig.session.answered(rig.submitted.removeFirst(), rig.stored(7, false));
    assertThat(rig.outcomes).containsExactly("CLIENT_EVENT_ID_CONFLICT", "ok", "LOG_FULL");

    rig.session.ended();
    rig.session.answered(late, rig.stored(8, false));
    rig.session.broke();

    assertThat(rig.outcomes)
        .containsExactly("CLIENT_EVENT_ID_CONFLICT", "ok", "LOG_FULL", "abandoned", "abandoned");
    assertThat(rig.ended())
        .containsExactlyInAnyOrder(
            "send", "send ERROR_REASON_LOG_FULL", "send ABANDONED", "send ABANDONED");
  }

  @Test
  void whatWaitsWhenTheRouterHangsUpIsAbandonedToo() {
    rig.following(1);
    rig.command("waits");
    rig.session.drained();
    assertThat(rig.closedWith()).isEqualTo("DRAINING");
    assertThat(rig.outcomes).containsExactly("abandoned");
    assertThat(rig.ended()).containsExactly("send ABANDONED");
  }

  @Test
  void aClientThatIsSilentForThreeHeartbeatsIsHungUp() {
    rig.following(1);
    for (int i = 0; i < 60; i++) {
      rig.time.advance(Duration.ofSeconds(1));
      rig.session.tick();
    }
    assertThat(rig.frames()).containsExactly("heads", "heads", "heads");
    rig.time.advance(Duration.ofSeconds(1));
    rig.session.tick();

    assertThat(rig.closedWith()).isEqualTo("HEARTBEAT_MISSED");
    assertThat(rig.unfollowed).containsExactly(SessionRig.C);
  }

  @Test
  void aStreamThatDoesNotBeginIsEnded() {
    rig.hello();
    rig.time.advance(SessionRig.LIMITS.helloDeadline());
    rig.session.tick();
    assertThat(rig.closed).isEmpty();
    rig.time.advance(Duration.ofMillis(1));
    rig.session.tick();

    assertThat(rig.closedWith()).isEqualTo("PROTOCOL_VIOLATION");
  }

  @Test
  void theStreamEndsWithItsTokenUnlessANewOneComes() {
    rig.following(1);
    rig.send(ClientFrame.newBuilder().setRefreshToken(RefreshToken.newBuilder().setToken("newer")));
    assertThat(rig.verified).containsExactly("newer");
    rig.session.refreshed("ann", rig.time.instant(), rig.time.instant().plusSeconds(7_200));
    aliveFor(Duration.ofSeconds(7_199));
    assertThat(rig.closed).isEmpty();
    rig.session.notRefreshed(Refusal.of(ErrorReason.ERROR_REASON_TOKEN_INVALID, "no"));
    assertThat(rig.closed).isEmpty();
    aliveFor(Duration.ofSeconds(1));

    assertThat(rig.closedWith()).isEqualTo("TOKEN_EXPIRED");
  }

  private void aliveFor(Duration time) {
    rig.time.advance(time);
    rig.send(ClientFrame.newBuilder().setHeadsRequest(HeadsRequest.getDefaultInstance()));
    rig.session.tick();
  }

  @Test
  void aTokenOfAnotherUserEndsTheStream() {
    rig.open().session.refreshed("bob", rig.time.instant(), rig.time.instant().plusSeconds(10));

    assertThat(rig.closedWith()).isEqualTo("TOKEN_INVALID");
  }

  @Test
  void theStreamEndsWhenItsTokenIsRevokedAlsoOneThatCameLater() {
    Instant opened = rig.time.instant();
    rig.following(1).session.revoked(opened);
    assertThat(rig.closed).as("issued just then").isEmpty();
    rig.session.refreshed("ann", opened.plusSeconds(60), opened.plusSeconds(7_200));
    rig.session.revoked(opened.plusSeconds(60));
    assertThat(rig.closed).as("a newer token came").isEmpty();

    rig.session.refreshed("ann", opened.plusSeconds(30), opened.plusSeconds(7_200));
    rig.session.revoked(opened.plusSeconds(31));
    assertThat(rig.frames()).contains("error TOKEN_REVOKED");
    assertThat(rig.closedWith()).isEqualTo("TOKEN_REVOKED");
  }

  @Test
  void theDisplacedSessionIsToldWhyItEnds() {
    rig.following(1).session.displaced();

    assertThat(rig.frames()).containsExactly("reconnect", "error DISPLACED");
    assertThat(rig.closedWith()).isEqualTo("DISPLACED");
  }

  @Test
  void aDrainingRouterAsksAndThenEnds() {
    rig.following(1).session.reconnect(Duration.ofMillis(1_500));
    assertThat(rig.written.getFirst().getReconnect().getAfter().getNanos()).isEqualTo(500_000_000);
    assertThat(rig.closed).isEmpty();
    rig.feed(2);
    rig.session.drained();

    assertThat(rig.frames()).containsExactly("reconnect", "events [2]", "error DRAINING");
    assertThat(rig.closedWith()).isEqualTo("DRAINING");
  }

  @Test
  void aStreamThatTheClientEndsIsReleased() {
    rig.following(1).session.ended();
    rig.feed(2);
    rig.session.tick();

    assertThat(rig.frames()).isEmpty();
    assertThat(rig.unfollowed).containsExactly(SessionRig.C);
    assertThat(rig.closed).hasSize(1).containsOnlyNulls();
  }

  @Test
  void aFastClientIsReadMoreSlowlyAndToldOnce() {
    rig.open().forget();
    int burst = 2 * SessionRig.LIMITS.framesPerSecond();
    for (int i = 0; i < burst; i++) {
      rig.session.throttle();
    }
    assertThat(rig.frames()).isEmpty();
    assertThat(rig.session.throttle()).isPositive();
    assertThat(rig.session.throttle()).isPositive();

    assertThat(rig.frames()).containsExactly("error RATE_LIMITED");
  }

  @Test
  void aReadMarkAboveTheAllowanceIsRefusedAndTypingIsShedWithoutAWord() {
    rig.following(1);
    rig.noAllowance = TOO_FAST;
    rig.send(ClientFrame.newBuilder().setReadMark(ReadMark.newBuilder().setConversationId(SessionRig.C).setSeq(1)));
    rig.send(ClientFrame.newBuilder().setTyping(Typing.newBuilder().setConversationId(SessionRig.C)));

    assertThat(rig.marked).isEmpty();
    assertThat(rig.typed).isEmpty();
    assertThat(rig.frames()).containsExactly("error RATE_LIMITED");
    var error = rig.written.getLast().getError();
    assertThat(error.getConversationId()).isEqualTo(SessionRig.C);
    assertThat(error.getRetry().getRetryDelay().getNanos()).isEqualTo(30_000_000);
    assertThat(rig.closed).isEmpty();
  }

  @Test
  void readMarksAndTypingGoToTheOwner() {
    rig.following(1);
    rig.send(ClientFrame.newBuilder().setReadMark(ReadMark.newBuilder().setConversationId(SessionRig.C).setSeq(1)));
    rig.send(ClientFrame.newBuilder().setTyping(Typing.newBuilder().setConversationId(SessionRig.C)));
    rig.send(ClientFrame.newBuilder().setTyping(Typing.newBuilder().setConversationId(Say.OTHER)));
    rig.session.markRefused(SessionRig.C, Refusal.of(ErrorReason.ERROR_REASON_NOT_A_MEMBER, "no"));

    assertThat(rig.marked).containsExactly(SessionRig.C + " 1");
    assertThat(rig.typed).containsExactly(SessionRig.C);
    assertThat(rig.frames()).containsExactly("error NOT_A_MEMBER");
  }

  @Test
  void whatADeviceHasIsRemembered() {
    rig.following(1);
    rig.send(
        ClientFrame.newBuilder()
            .setCredit(
                Credit.newBuilder()
                    .addDelivered(Delivered.newBuilder().setConversationId(SessionRig.C).setSeq(1))
                    .addDelivered(Delivered.newBuilder().setConversationId(Say.OTHER).setSeq(1))));

    assertThat(rig.delivered).as("of its own conversations").containsExactly(SessionRig.C + " 1");
  }
}
