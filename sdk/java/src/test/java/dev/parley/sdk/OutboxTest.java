package dev.parley.sdk;

import static dev.parley.sdk.ScriptedSession.A;
import static dev.parley.sdk.ScriptedSession.B;
import static dev.parley.sdk.ScriptedSession.refused;
import static dev.parley.sdk.ScriptedSession.stored;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.ErrorReason;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private final ScriptedSession session = ScriptedSession.live();

  @Test
  void commandsOfOneConversationGoOneAfterTheOtherAndThoseOfOthersBeside() {
    session.send(A, "a1");
    session.send(A, "a2");
    session.send(B, "b1");
    assertThat(session.commandsOn(1)).containsExactly("a1", "b1");
    session.says(stored("a1", A, 1, false));
    assertThat(session.commandsOn(1)).containsExactly("a1", "b1", "a2");
  }

  @Test
  void aCommandThatIsRefusedForAWhileIsTriedAgainBeforeThoseBehindIt() {
    var first = session.send(A, "a1");
    session.send(A, "a2");
    session.says(refused("a1", "OVERLOADED", 3));
    session.pass(2_999);
    assertThat(session.commandsOn(1)).containsExactly("a1");
    session.pass(1);
    assertThat(session.commandsOn(1)).containsExactly("a1", "a1");
    session.says(stored("a1", A, 1, false));
    assertThat(first.state()).isEqualTo(Future.State.SUCCESS);
    assertThat(session.commandsOn(1)).containsExactly("a1", "a1", "a2");
  }

  @Test
  void aRefusalForGoodFailsTheCommandWithItsReason() {
    var answer = session.send(A, "a1");
    session.says(refused("a1", "ROLE_NOT_ALLOWED", 0));
    assertThat(reasonOf(answer)).isEqualTo(ErrorReason.ERROR_REASON_ROLE_NOT_ALLOWED);
  }

  @Test
  void afterALostStreamTheSameIdIsSentAgain() {
    session.send(A, "a1");
    session.cut(1);
    session.pass(200);
    session.accept();
    assertThat(session.commandsOn(2)).containsExactly("a1");
  }

  @Test
  void anAnswerThatDoesNotComeInTimeLeavesTheOutcomeUnknown() {
    var answer = session.send(A, "a1", 5_000);
    session.pass(5_000);
    assertThat(reasonOf(answer)).isEqualTo(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN);
  }

  @Test
  void aLateAnswerStillStandsForItsEvent() {
    session.send(A, "a1", 5_000);
    session.pass(5_000);
    session.says(stored("a1", A, 1, false));
    assertThat(session.heard).containsExactly("A1");
    assertThat(session.violations).isEmpty();
  }

  @Test
  void whoAsksAgainWhileTheAnswerMayStillComeGetsThatOne() {
    var first = session.send(A, "a1", 1_000);
    session.pass(1_000);
    assertThat(reasonOf(first)).isEqualTo(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN);
    var again = session.send(A, "a1");
    session.send(A, "a2");
    assertThat(session.commandsOn(1)).containsExactly("a1");
    session.says(stored("a1", A, 1, false));
    assertThat(again).isCompleted();
    assertThat(session.heard).containsExactly("A1");
    assertThat(session.commandsOn(1)).containsExactly("a1", "a2");
  }

  @Test
  void aCommandThatWasNeverSentSaysSo() {
    session.cut(1);
    var answer = session.send(A, "a1", 100);
    session.pass(100);
    assertThat(reasonOf(answer)).isEqualTo(ErrorReason.ERROR_REASON_UNSPECIFIED);
  }

  @Test
  void aRefusalAfterAnUncertainSendingLeavesTheOutcomeUnknown() {
    var answer = session.send(A, "a1", 5_000);
    session.cut(1);
    session.pass(200);
    session.accept();
    session.says(refused("a1", "OVERLOADED", 60));
    session.pass(5_000);
    assertThat(reasonOf(answer)).isEqualTo(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN);
  }

  @Test
  void aFullOutboxRefusesAtOnce() {
    ScriptedSession small = new ScriptedSession(SessionOptions.forDevice("d1").withCommands(1, 1));
    small.send(A, "a1");
    assertThat(reasonOf(small.send(A, "a2"))).isEqualTo(ErrorReason.ERROR_REASON_LIMIT_EXCEEDED);
  }

  @Test
  void neverMoreAreUnderWayThanTheServerAllows() {
    for (int i = 0; i < 20; i++) {
      session.send(new java.util.UUID(7, i).toString(), "x" + i);
    }
    assertThat(session.commandsOn(1)).hasSize(8);
    session.says(refused("x0", "ROLE_NOT_ALLOWED", 0));
    assertThat(session.commandsOn(1)).hasSize(9);
  }

  @Test
  void aCommandWithoutAnIdGetsOneByTheServersClock() {
    session.send(A, "");
    String id = session.commandsOn(1).getFirst();
    long millis = java.util.UUID.fromString(id).getMostSignificantBits() >>> 16;
    assertThat(millis).isEqualTo(1_700_000_100_000L);
  }

  private static ErrorReason reasonOf(CompletableFuture<Answer> answer) {
    assertThat(answer.state()).isEqualTo(Future.State.FAILED);
    return answer.handle((ok, failure) -> ParleyException.of(failure).reason()).join();
  }
}
