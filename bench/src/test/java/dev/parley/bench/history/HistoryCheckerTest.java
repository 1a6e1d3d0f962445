package dev.parley.bench.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.Message;
import dev.parley.v1.SeqRange;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HistoryCheckerTest {
  private static final String C = "c";

  private final HistoryLog alice = new HistoryLog("alice/1", "alice");
  private final HistoryLog bob = new HistoryLog("bob/1", "bob");
  private final FinalLog log = new FinalLog();

  @Test
  void aCleanHistoryHasNoFindings() {
    stored(1, 2, 3);
    acked(1, 2, 3);
    received(alice, 1, 2, 3);
    received(bob, 1, 2, 3);
    assertThat(kinds()).isEmpty();
  }

  @Test
  void anAcknowledgedMessageThatIsNotOnTheLogIsFound() {
    stored(1, 2);
    acked(1, 2, 3);
    assertThat(kinds()).containsExactly(Finding.Kind.ACKED_NOT_STORED);
  }

  @Test
  void anAcknowledgementAtAnotherSeqIsFound() {
    stored(1, 2);
    alice.acked(C, "id-2", 1);
    assertThat(kinds()).containsExactly(Finding.Kind.ACKED_NOT_STORED);
  }

  @Test
  void aRefusedMessageOnTheLogIsFound() {
    stored(1, 2);
    alice.refused(C, "id-2");
    assertThat(kinds()).containsExactly(Finding.Kind.REFUSED_BUT_STORED);
  }

  @Test
  void anIdStoredTwiceIsFound() {
    stored(1, 2);
    log.add(event(3, "id-2", "m2"));
    assertThat(kinds()).containsExactly(Finding.Kind.STORED_TWICE);
  }

  @Test
  void anIdAcknowledgedAtTwoSeqsIsFound() {
    stored(1);
    alice.acked(C, "id-1", 1);
    alice.acked(C, "id-1", 2);
    assertThat(kinds()).contains(Finding.Kind.STORED_TWICE);
  }

  @Test
  void aHoleInTheLogIsFound() {
    stored(1, 3);
    assertThat(kinds()).containsExactly(Finding.Kind.HOLE_IN_LOG);
  }

  @Test
  void anotherEventAtASeqThanOnTheLogIsFound() {
    stored(1, 2);
    bob.received(C, event(1, "id-1", "m1"));
    bob.received(C, event(2, "id-9", "m2"));
    assertThat(kinds()).containsExactly(Finding.Kind.DISAGREEMENT);
  }

  @Test
  void anotherBodyThanOnTheLogIsFoundUnlessItWasDeleted() {
    stored(1);
    log.add(Event.newBuilder().setSeq(2).setSenderId("alice").setClientEventId("id-2").setDeleted(true).build());
    bob.received(C, event(1, "id-1", "forged"));
    bob.received(C, event(2, "id-2", "gone since"));
    assertThat(kinds()).containsExactly(Finding.Kind.DISAGREEMENT);
  }

  @Test
  void aGapIsFoundAndCounted() {
    stored(1, 2, 3, 4);
    received(bob, 1, 4);
    HistoryChecker checker = check();
    assertThat(checker.count(Finding.Kind.GAP)).isEqualTo(2);
  }

  @Test
  void anEventReceivedTwiceIsFound() {
    stored(1, 2);
    received(bob, 1, 2, 2);
    assertThat(kinds()).containsExactly(Finding.Kind.RECEIVED_TWICE);
  }

  @Test
  void anEventReceivedLateIsFound() {
    stored(1, 2, 3);
    received(bob, 1, 2, 3, 1);
    assertThat(kinds()).containsExactly(Finding.Kind.REORDERED);
  }

  @Test
  void aMissingEndIsFoundAndCountedUnlessTheClientHasLeft() {
    stored(1, 2, 3);
    received(bob, 1);
    received(alice, 1, 2);
    alice.departed();
    assertThat(check().count(Finding.Kind.NOT_DELIVERED)).isEqualTo(2);
  }

  @Test
  void aResumeMustGiveExactlyTheMissingSuffix() {
    stored(1, 2, 3, 4);
    received(bob, 1, 2);
    bob.resumed(C, 2);
    received(bob, 3, 4);
    received(alice, 1, 2);
    alice.resumed(C, 2);
    received(alice, 4);
    HistoryChecker checker = check();
    assertThat(checker.findings()).extracting(Finding::kind).containsExactly(Finding.Kind.GAP);
    assertThat(checker.findings().getFirst().text()).contains("alice/1");
  }

  @Test
  void twoReadableRangesAreNoGapAndWhatLiesBetweenIsALeak() {
    stored(1, 2, 3, 4, 5);
    for (HistoryLog client : List.of(alice, bob)) {
      client.following(Following.newBuilder().setConversationId(C).setAfterSeq(0)
          .addReadable(SeqRange.newBuilder().setFirstSeq(1).setLastSeq(2))
          .addReadable(SeqRange.newBuilder().setFirstSeq(5)).build());
    }
    received(alice, 1, 2, 5);
    received(bob, 1, 2, 3, 5);
    assertThat(kinds()).containsExactly(Finding.Kind.UNREADABLE);
  }

  private void stored(long... seqs) {
    for (long seq : seqs) {
      log.add(event(seq, "id-" + seq, "m" + seq));
    }
  }

  private void acked(long... seqs) {
    for (long seq : seqs) {
      alice.acked(C, "id-" + seq, seq);
    }
  }

  private static void received(HistoryLog client, long... seqs) {
    for (long seq : seqs) {
      client.received(C, event(seq, "id-" + seq, "m" + seq));
    }
  }

  private static Event event(long seq, String id, String text) {
    return Event.newBuilder().setSeq(seq).setSenderId("alice").setClientEventId(id)
        .setMessage(Message.newBuilder().setText(text)).build();
  }

  private HistoryChecker check() {
    return new HistoryChecker(Map.of(C, log)).check(List.of(alice, bob));
  }

  private List<Finding.Kind> kinds() {
    return check().findings().stream().map(Finding::kind).toList();
  }
}
