package dev.parley.router.shadow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.router.shadow.Difference.Kind;
import dev.parley.router.shadow.Ledger.Question;
import dev.parley.v1.CatchUp;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.Events;
import dev.parley.v1.Following;
import dev.parley.v1.Message;
import dev.parley.v1.Reset;
import dev.parley.v1.SendResult;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Stored;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LedgerTest {
  private final Ledger ledger = new Ledger("bob");

  @Test
  void whatWasSentAsItLiesOnTheLogIsRight() {
    ledger.sent(followed(4));
    assertThat(ledger.sent(events(5, 6))).isEmpty();
    ledger.sent(own(7));
    ledger.sent(events(8));

    assertThat(kinds(log(3, 4, 5, 6, 7, 8))).isEmpty();
    assertThat(ledger.questions()).isEmpty();
  }

  @Test
  void whatWasPassedOverIsMissing() {
    ledger.sent(followed(4));
    ledger.sent(events(6, 8));

    assertThat(kinds(log(4, 5, 6, 7, 8))).containsExactly(Kind.MISSING, Kind.MISSING);
  }

  @Test
  void aGapThatIsLargerThanAPageIsFoundPageByPage() {
    ledger.sent(followed(0));
    ledger.sent(events(1, 200));

    Question question = ledger.questions().getFirst();
    assertThat(ledger.compare(question, log(1, 2, 3), true).differences()).hasSize(2);
    assertThat(ledger.questions().getFirst().afterSeq()).isEqualTo(3);
    assertThat(kinds(log(200))).isEmpty();
  }

  @Test
  void whatComesAgainOrLateIsSeenAtOnce() {
    ledger.sent(followed(4));
    ledger.sent(events(5, 7));

    assertThat(ledger.sent(events(7))).extracting(Difference::kind).containsExactly(Kind.DOUBLED);
    assertThat(ledger.sent(events(6))).extracting(Difference::kind).containsExactly(Kind.REORDERED);
    assertThat(ledger.sent(events(3))).extracting(Difference::kind).containsExactly(Kind.DOUBLED);
  }

  @Test
  void anEventThatTheUserMayNotReadIsForeign() {
    ledger.sent(followed(4));
    ledger.sent(events(5, 6, 7));

    assertThat(kinds(log(5, 6))).containsExactly(Kind.FOREIGN);
  }

  @Test
  void anotherContentIsDifferentButADeletedOneIsNot() {
    ledger.sent(followed(4));
    ledger.sent(events(5, 6));
    Event other = event(5).toBuilder().setSenderId("mallory").build();
    Event deleted = event(6).toBuilder().clearBody().setDeleted(true).build();

    assertThat(kinds(List.of(other, deleted))).containsExactly(Kind.DIFFERENT);
  }

  @Test
  void theAnswerToACommandStandsForItsEventAndARepetitionStandsForNothing() {
    ledger.sent(followed(4));
    ledger.sent(own(5));
    ledger.sent(
        ServerFrame.newBuilder()
            .setSendResult(
                SendResult.newBuilder().setConversationId("c").setStored(stored(6).toBuilder().setRepeated(true)))
            .build());

    assertThat(kinds(log(5))).isEmpty();
    assertThat(ledger.sent(events(6))).isEmpty();
  }

  @Test
  void aResetBeginsAnew() {
    ledger.sent(followed(4));
    ledger.sent(events(5, 9));
    Question before = ledger.questions().getFirst();
    ledger.sent(
        ServerFrame.newBuilder()
            .setReset(Reset.newBuilder().setConversationId("c").setNext(Cursor.newBuilder().setSeq(20)))
            .build());

    assertThat(ledger.compare(before, log(5, 6, 7, 8, 9), false).differences()).isEmpty();
    ledger.sent(events(22));
    assertThat(kinds(log(20, 21, 22))).containsExactly(Kind.MISSING);
  }

  @Test
  void aPageIsComparedAtATimeAndTooMuchIsPassedOver() {
    ledger.sent(followed(0));
    ledger.sent(events(LongStream.rangeClosed(1, Ledger.PAGE + 1).toArray()));
    Question question = ledger.questions().getFirst();
    assertThat(question.lastSeq()).isEqualTo(Ledger.PAGE);
    assertThat(ledger.compare(question, log(LongStream.rangeClosed(1, Ledger.PAGE).toArray()), true).events())
        .isEqualTo(Ledger.PAGE);

    ledger.sent(events(LongStream.rangeClosed(100, 100 + Ledger.MOST_EVENTS).toArray()));
    assertThat(ledger.questions()).isEmpty();
    ledger.sent(events(101 + Ledger.MOST_EVENTS));
    assertThat(kinds(log(101 + Ledger.MOST_EVENTS))).isEmpty();
  }

  private List<Kind> kinds(List<Event> log) {
    return ledger.compare(ledger.questions().getFirst(), log, false).differences().stream().map(Difference::kind).toList();
  }

  private static ServerFrame followed(long after) {
    return ServerFrame.newBuilder()
        .setCatchUp(
            CatchUp.newBuilder().addFollowing(Following.newBuilder().setConversationId("c").setAfterSeq(after)))
        .build();
  }

  private static ServerFrame events(long... seqs) {
    return ServerFrame.newBuilder()
        .setEvents(Events.newBuilder().setConversationId("c").addAllEvents(log(seqs)))
        .build();
  }

  private static ServerFrame own(long seq) {
    return ServerFrame.newBuilder()
        .setSendResult(SendResult.newBuilder().setConversationId("c").setStored(stored(seq)))
        .build();
  }

  private static Stored stored(long seq) {
    return Stored.newBuilder().setCursor(Cursor.newBuilder().setSeq(seq)).build();
  }

  private static List<Event> log(long... seqs) {
    return Arrays.stream(seqs).mapToObj(LedgerTest::event).toList();
  }

  private static Event event(long seq) {
    return Event.newBuilder().setSeq(seq).setSenderId("alice").setMessage(Message.newBuilder().setText("m" + seq)).build();
  }
}
