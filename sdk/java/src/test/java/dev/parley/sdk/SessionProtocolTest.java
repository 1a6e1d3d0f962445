package dev.parley.sdk;

import static dev.parley.sdk.ScriptedSession.A;
import static dev.parley.sdk.ScriptedSession.B;
import static dev.parley.sdk.ScriptedSession.HEARTBEAT;
import static dev.parley.sdk.ScriptedSession.events;
import static dev.parley.sdk.ScriptedSession.following;
import static dev.parley.sdk.ScriptedSession.head;
import static dev.parley.sdk.ScriptedSession.heads;
import static dev.parley.sdk.ScriptedSession.reconnect;
import static dev.parley.sdk.ScriptedSession.stored;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.ClientFrame.FrameCase;
import dev.parley.v1.Credit;
import dev.parley.v1.Cursor;
import dev.parley.v1.Reset;
import dev.parley.v1.ResetReason;
import dev.parley.v1.ServerFrame;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class SessionProtocolTest {
  @Test
  void aStreamBeginsWithHelloAndTheCursorsOfTheStore() {
    MemoryCursorStore store = new MemoryCursorStore();
    for (int i = 0; i < 1_001; i++) {
      store.save("conversation " + i, Cursor.newBuilder().setSeq(i).build());
    }
    ScriptedSession session = new ScriptedSession(SessionOptions.forDevice("d1").withCursors(store));
    session.protocol.opened(1, "token");

    assertThat(session.sent.get(0).frame().getHello().getDeviceId()).isEqualTo("d1");
    List<ClientFrame> cursors = session.sentOn(1, FrameCase.CURSORS);
    assertThat(cursors.size()).isEqualTo(2);
    assertThat(cursors.getFirst().getCursors().getCursorsCount()).isEqualTo(1_000);
    assertThat(cursors.getFirst().getCursors().getComplete()).isFalse();
    assertThat(cursors.getLast().getCursors().getCursorsCount()).isEqualTo(1);
    assertThat(cursors.getLast().getCursors().getComplete()).isTrue();
  }

  @Test
  void itIsConnectedWhenWelcomedAndLiveWhenCaughtUp() {
    ScriptedSession session = ScriptedSession.fresh();
    session.accept();
    assertThat(session.state).isEqualTo(SessionState.CONNECTED);
    session.complete();
    assertThat(session.state).isEqualTo(SessionState.LIVE);
  }

  @Test
  void aLostStreamIsReplacedFromTheCursorReached() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1, 2, 3));
    session.cut(1);
    assertThat(session.state).isEqualTo(SessionState.DISCONNECTED);
    session.pass(200);
    session.accept();

    assertThat(session.cursorOn(2, A)).isEqualTo(3);
    session.says(following(A, 3));
    session.says(events(A, 4));
    assertThat(session.heard).containsExactly("A1", "A2", "A3", "A4");
    assertThat(session.violations).isEmpty();
  }

  @Test
  void aStreamThatGoesOnElsewhereThanAtTheCursorIsReported() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1, 2, 3));
    session.cut(1);
    session.pass(200);
    session.accept();
    session.says(following(A, 1));
    session.says(events(A, 2, 3, 4));
    assertThat(session.heard).containsExactly("A1", "A2", "A3", "A4");
    assertThat(session.violations).extracting(Violation::kind).containsExactly(Violation.Kind.RESUMED_ELSEWHERE);
  }

  @Test
  void aGapIsReportedAndHealedByResuming() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1));
    session.says(events(A, 3));
    assertThat(session.violationKinds()).containsExactly(Violation.Kind.GAP);
    session.pass(200);
    session.accept();
    session.says(following(A, 1));
    session.says(events(A, 2, 3));
    assertThat(session.heard).containsExactly("A1", "A2", "A3");
  }

  @Test
  void whatComesTwiceOrLateOnOneStreamIsReportedAndDropped() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1, 2, 2, 1, 3));
    assertThat(session.heard).containsExactly("A1", "A2", "A3");
    assertThat(session.violationKinds())
        .containsExactly(Violation.Kind.DUPLICATE, Violation.Kind.REORDERED);
  }

  @Test
  void theNextEventAfterARangeIsTheFirstOfTheNextRange() {
    ScriptedSession session = ScriptedSession.live();
    session.says(following(A, 0, 1, 2, 5, 0));
    session.says(events(A, 1, 2, 5, 6));
    assertThat(session.heard).containsExactly("A1", "A2", "A5", "A6");
    assertThat(session.violations).isEmpty();
  }

  @Test
  void anEventBetweenTheRangesIsALeakAndNotPassedOn() {
    ScriptedSession session = ScriptedSession.live();
    session.says(following(A, 0, 1, 2, 5, 0));
    session.says(events(A, 1, 2, 4, 5));
    assertThat(session.heard).containsExactly("A1", "A2", "A5");
    assertThat(session.violationKinds()).containsExactly(Violation.Kind.UNREADABLE);
  }

  @Test
  void aStoredCommandStandsForItsEventInOrder() {
    ScriptedSession session = ScriptedSession.live();
    var answer = session.send(A, "c1");
    session.says(events(A, 1));
    session.says(stored("c1", A, 2, false));
    session.says(events(A, 3));
    assertThat(session.heard).containsExactly("A1", "A2", "A3");
    assertThat(answer.join().stored().getCursor().getSeq()).isEqualTo(2);
  }

  @Test
  void aRepeatedAnswerDoesNotStandInTheOrder() {
    ScriptedSession session = ScriptedSession.live();
    var answer = session.send(A, "c1");
    session.cut(1);
    session.pass(200);
    session.accept();
    session.says(following(A, 0));
    session.says(events(A, 1));
    session.says(stored("c1", A, 1, true));
    assertThat(session.heard).containsExactly("A1");
    assertThat(answer.state()).isEqualTo(Future.State.SUCCESS);
    assertThat(session.violations).isEmpty();
  }

  @Test
  void anAnswerThatOvertakesTheAnnouncementOfItsConversationIsOnlyAnAnswer() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1));
    var answer = session.send(A, "c1");
    session.cut(1);
    session.pass(200);
    session.accept();
    session.says(stored("c1", A, 3, false));
    session.says(following(A, 1));
    session.says(events(A, 2, 3));
    assertThat(answer.state()).isEqualTo(Future.State.SUCCESS);
    assertThat(session.heard).containsExactly("A1", "A2", "A3");
    assertThat(session.violations).isEmpty();
  }

  @Test
  void theAnswerToACreationIsTheBeginningOfItsConversation() {
    String fresh = "01890000-0000-7000-8000-00000000000c";
    ScriptedSession session = ScriptedSession.live();
    session.send(fresh, "c1");
    session.says(stored("c1", fresh, 1, false));
    session.says(following(fresh, 1));
    session.says(events(fresh, 2));
    assertThat(session.heard).hasSize(2);
    assertThat(session.violations).isEmpty();
  }

  @Test
  void aHandOverOpensTheNewStreamBeforeItClosesTheOldAndPassesEachEventOnOnce() {
    ScriptedSession session = ScriptedSession.live();
    session.says(1, events(A, 1));
    session.says(1, reconnect("DRAINING", 2));
    session.pass(2_000);
    assertThat(session.open).containsExactly(1, 2);
    session.protocol.opened(2, "token");
    session.says(2, ScriptedSession.welcome());
    session.says(2, following(A, 1));
    session.says(1, events(A, 2));
    session.says(2, events(A, 2, 3));
    session.says(1, events(A, 3, 4));
    session.complete();

    assertThat(session.open).containsExactly(2);
    session.says(2, events(A, 4, 5));
    assertThat(session.heard).containsExactly("A1", "A2", "A3", "A4", "A5");
    assertThat(session.violations).isEmpty();
    assertThat(session.state).isEqualTo(SessionState.LIVE);
  }

  @Test
  void commandsWithoutAnswerMoveToTheNewStreamAtTheHandOver() {
    ScriptedSession session = ScriptedSession.live();
    session.send(A, "c1");
    session.says(1, reconnect("DRAINING", 0));
    session.pass(1);
    session.accept();
    assertThat(session.commandsOn(2)).isEmpty();
    session.complete();
    assertThat(session.commandsOn(2)).containsExactly("c1");
  }

  @Test
  void whenTheOldStreamDiesDuringAHandOverTheNewOneGoesOnAlone() {
    ScriptedSession session = ScriptedSession.live();
    session.says(1, reconnect("DRAINING", 0));
    session.pass(1);
    session.accept();
    session.says(1, reconnect("DISPLACED", 0));
    assertThat(session.state).isEqualTo(SessionState.CONNECTED);
    session.complete();
    assertThat(session.state).isEqualTo(SessionState.LIVE);
  }

  @Test
  void aDisplacedSessionDoesNotComeBack() {
    ScriptedSession session = ScriptedSession.live();
    var answer = session.send(A, "c1");
    session.says(reconnect("DISPLACED", 0));
    session.pass(60_000);
    assertThat(session.state).isEqualTo(SessionState.CLOSED);
    assertThat(session.open).isEmpty();
    assertThat(answer.state()).isEqualTo(Future.State.FAILED);
  }

  @Test
  void creditIsGivenForAQuarterOfTheWindowWithWhatHasCome() {
    ScriptedSession session = ScriptedSession.live();
    int before = session.sentOn(1, FrameCase.CREDIT).size();
    for (int i = 1; i <= 20; i++) {
      session.says(events(i % 2 == 0 ? A : B, (i + 1) / 2));
    }
    Credit last = session.sentOn(1, FrameCase.CREDIT).getLast().getCredit();
    assertThat(session.sentOn(1, FrameCase.CREDIT).size() - before).isEqualTo(2);
    assertThat(last.getFrames()).isGreaterThanOrEqualTo(20);
    List<String> delivered = new ArrayList<>();
    last.getDeliveredList().forEach(each -> delivered.add(each.getConversationId()));
    assertThat(delivered).containsExactlyInAnyOrder(A, B);
  }

  @Test
  void whatHasComeIsAcknowledgedAfterASecond() {
    ScriptedSession session = ScriptedSession.live();
    int before = session.sentOn(1, FrameCase.CREDIT).size();
    session.says(events(A, 1));
    session.pass(999);
    assertThat(session.sentOn(1, FrameCase.CREDIT)).hasSize(before);
    session.pass(1);
    assertThat(session.sentOn(1, FrameCase.CREDIT).getLast().getCredit().getDelivered(0).getSeq()).isEqualTo(1);
    assertThat(session.sentOn(1, FrameCase.CREDIT)).hasSize(before + 1);
  }

  @Test
  void creditIsGivenOnceInAHeartbeatThoughNothingHappens() {
    ScriptedSession session = ScriptedSession.live();
    session.pass(HEARTBEAT);
    assertThat(session.sentOn(1, FrameCase.CREDIT)).isNotEmpty();
  }

  @Test
  void aServerThatIsSilentForThreeHeartbeatsIsLeft() {
    ScriptedSession session = ScriptedSession.live();
    session.pass(3 * HEARTBEAT - 1);
    assertThat(session.open).containsExactly(1);
    session.pass(1);
    assertThat(session.open).doesNotContain(1);
  }

  @Test
  void aServerThatDoesNotWelcomeInTimeIsLeft() {
    ScriptedSession session = ScriptedSession.fresh();
    session.pass(10_000);
    assertThat(session.open).doesNotContain(1);
    assertThat(session.state).isEqualTo(SessionState.DISCONNECTED);
  }

  @Test
  void anEqualDigestAsksForNothing() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1));
    session.pass(1_000);
    session.says(heads(HeadHash.of(UUID.fromString(A), 1) ^ HeadHash.of(UUID.fromString(B), 0)));
    assertThat(session.sentOn(1, FrameCase.HEADS_REQUEST)).isEmpty();
  }

  @Test
  void aLostLastEventIsNoticedByItsHeadAndFetched() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1));
    session.pass(1_000);
    session.says(heads(42));
    assertThat(session.sentOn(1, FrameCase.HEADS_REQUEST)).hasSize(1);
    session.says(heads(42, head(A, 2), head(B, 0)));
    session.pass(3_000);
    assertThat(session.violationKinds()).containsExactly(Violation.Kind.MISSING_HEAD);
    assertThat(session.newest).isEqualTo(2);

    session.accept();
    assertThat(session.cursorOn(2, A)).isEqualTo(1);
    session.says(following(A, 1));
    session.says(events(A, 2));
    assertThat(session.heard).containsExactly("A1", "A2");
  }

  @Test
  void aHeadWhoseEventIsOnItsWayIsNoLoss() {
    ScriptedSession session = ScriptedSession.live();
    session.pass(1_000);
    session.says(heads(42, head(A, 1), head(B, 0)));
    session.says(events(A, 1));
    session.pass(10_000);
    assertThat(session.violations).isEmpty();
    assertThat(session.open).containsExactly(1);
  }

  @Test
  void aTokenIsRefreshedBeforeItEnds() {
    ScriptedSession session = ScriptedSession.fresh();
    session.protocol.opened(1, "old");
    ServerFrame.Builder welcome = ScriptedSession.welcome();
    welcome.getWelcomeBuilder().setTokenExpireTime(Timestamp.newBuilder().setSeconds(1_700_000_100 + 50));
    session.says(welcome);
    session.pass(39_999);
    assertThat(session.tokensAsked).isEmpty();
    session.pass(1);
    assertThat(session.tokensAsked).containsExactly(1);
    session.protocol.tokenFetched(1, "new", session.now);
    List<ClientFrame> refreshes = session.sentOn(1, FrameCase.REFRESH_TOKEN);
    assertThat(refreshes.size()).isEqualTo(1);
    assertThat(refreshes.getFirst().getRefreshToken().getToken()).isEqualTo("new");
  }

  @Test
  void theSameTokenRefusedTwiceEndsTheSession() {
    ScriptedSession session = ScriptedSession.fresh();
    ParleyException refusal = ParleyException.of(Status.UNAUTHENTICATED.asRuntimeException());
    session.protocol.opened(1, "bad");
    session.protocol.closed(1, refusal, session.now);
    session.pass(200);
    session.protocol.opened(2, "bad");
    session.protocol.closed(2, refusal, session.now);
    assertThat(session.state).isEqualTo(SessionState.CLOSED);
  }

  @Test
  void aResetMovesTheConversationToWhereItGoesOn() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1, 2, 3));
    session.says(ServerFrame.newBuilder().setReset(
        Reset.newBuilder().setConversationId(A).setNext(Cursor.newBuilder().setSeq(1))));
    session.says(events(A, 2));
    assertThat(session.heard).containsExactly("A1", "A2", "A3", "A2");
    assertThat(session.violations).isEmpty();
  }

  @Test
  void aResetForWhatWasTrimmedIsAGapAndNoViolation() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1, 2, 3));
    session.says(ServerFrame.newBuilder().setReset(Reset.newBuilder()
        .setConversationId(A).setReason(ResetReason.RESET_REASON_TRIMMED).setNext(Cursor.newBuilder().setSeq(6))));
    session.says(events(A, 7));
    assertThat(session.heard).containsExactly("A1", "A2", "A3", "A7");
    assertThat(session.violations).isEmpty();
  }

  @Test
  void aReadMarkIsSaidAgainAfterAReconnectIfTheServerForgotIt() {
    ScriptedSession session = ScriptedSession.live();
    session.says(events(A, 1, 2));
    session.protocol.markRead(A, 2);
    session.cut(1);
    session.pass(200);
    session.accept();
    session.says(following(A, 2));
    List<ClientFrame> marks = session.sentOn(2, FrameCase.READ_MARK);
    assertThat(marks.size()).isEqualTo(1);
    assertThat(marks.getFirst().getReadMark().getSeq()).isEqualTo(2);
  }

  @Test
  void aFrameThatIsNotKnownIsCountedAndAcknowledged() {
    ScriptedSession session = ScriptedSession.live();
    session.says(ServerFrame.newBuilder());
    session.pass(HEARTBEAT);
    assertThat(session.protocol.unknownFrames()).isEqualTo(1);
    assertThat(session.sentOn(1, FrameCase.CREDIT).getLast().getCredit().getFrames()).isEqualTo(5);
  }

  @Test
  void waitsBetweenConnectsGrowAndAreJittered() {
    Backoff backoff = new Backoff(
        java.time.Duration.ofMillis(100), java.time.Duration.ofSeconds(1), new java.util.SplittableRandom(3));
    for (int ceiling : new int[] {100, 200, 400, 800, 1_000, 1_000}) {
      assertThat(backoff.nextMillis()).isBetween(ceiling / 2L, (long) ceiling);
    }
    backoff.reset();
    assertThat(backoff.nextMillis()).isLessThanOrEqualTo(100);
  }
}
