package dev.parley.bench.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.history.Finding.Kind;
import dev.parley.sdk.Violation;
import dev.parley.v1.ConversationCreated;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.MemberJoined;
import dev.parley.v1.MemberRemoved;
import dev.parley.v1.MembersAdded;
import dev.parley.v1.Message;
import dev.parley.v1.Reset;
import dev.parley.v1.ResetReason;
import dev.parley.v1.SeqRange;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Plants one defect in a history after the other and sees each found and named. */
@Order(1)
class HistoryCheckerTest {
  private static final String C = "c";
  private static final long SECOND = 1_000_000_000;

  private long nanos;
  private final HistoryLog alice = new HistoryLog("alice/1", "alice", true, () -> nanos++);
  private final HistoryLog bob = new HistoryLog("bob/1", "bob", true, () -> nanos++);
  private final FinalLog log = new FinalLog();

  @Test
  void aCleanHistoryHasNoFindings() {
    sent(1, 2, 3);
    stored(1, 2, 3);
    acked(1, 2, 3);
    received(alice, 1, 2, 3);
    received(bob, 1, 2, 3);
    assertThat(kinds()).isEmpty();
  }

  // ------------------------------------------------------------ answers

  @Test
  void anAcknowledgedMessageThatIsNotOnTheLogIsFound() {
    sent(1, 2, 3);
    stored(1, 2);
    acked(1, 2, 3);
    assertThat(kinds()).containsExactly(Kind.ACKED_NOT_STORED);
  }

  @Test
  void anAcknowledgementAtAnotherSeqIsFound() {
    sent(1, 2);
    stored(1, 2);
    alice.acked(C, "id-2", 1);
    assertThat(kinds()).containsExactly(Kind.ACKED_NOT_STORED);
  }

  @Test
  void aRefusedMessageOnTheLogIsFound() {
    sent(1, 2);
    stored(1, 2);
    alice.refused(C, "id-2");
    alice.refused(C, "id-3");
    assertThat(kinds()).containsExactly(Kind.REFUSED_BUT_STORED);
  }

  @Test
  void aMessageThatNobodySentIsFound() {
    sent(1);
    stored(1, 2);
    log.add(
        Event.newBuilder().setSeq(3).setSenderId("a stranger").setClientEventId("x").setMessage(says("hi")).build());
    assertThat(kinds()).containsExactly(Kind.NEVER_SENT);
  }

  @Test
  void anIdStoredTwiceIsFound() {
    sent(1, 2);
    stored(1, 2);
    log.add(event(3, "id-2", "m2"));
    assertThat(kinds()).containsExactly(Kind.STORED_TWICE);
  }

  @Test
  void anIdAcknowledgedAtTwoSeqsIsFound() {
    sent(1, 2);
    stored(1, 2);
    acked(1);
    alice.acked(C, "id-1", 1);
    alice.acked(C, "id-1", 2);
    assertThat(kinds()).containsExactly(Kind.ACKED_AT_TWO_SEQS);
  }

  @Test
  void anUnknownOutcomeThatIsStoredAgainWhenItIsSentAgainIsFound() {
    sent(1, 2);
    stored(1, 2);
    log.add(event(3, "id-1", "m1"));
    acked(2);
    alice.acked(C, "id-1", 3);
    assertThat(kinds()).containsExactly(Kind.STORED_TWICE);
  }

  @Test
  void anUnknownOutcomeMayBeEither() {
    sent(1, 2, 3);
    stored(1, 2);
    acked(1);
    assertThat(kinds()).isEmpty();
  }

  @Test
  void whatWasSentAfterAnAcknowledgementAndLiesBeforeItIsFound() {
    sent(1, 3);
    stored(1, 2, 3);
    acked(1, 3);
    sent(2);
    acked(2);
    assertThat(kinds()).containsExactly(Kind.AGAINST_TIME);
    assertThat(check().findings().getFirst().text()).contains("at 2 was sent after the one at 3");
  }

  @Test
  void whatWasSentAtTheSameTimeMayLieInAnyOrder() {
    sent(3, 2, 1);
    stored(1, 2, 3);
    acked(2, 3, 1);
    assertThat(kinds()).isEmpty();
  }

  // ------------------------------------------------------------ one order

  @Test
  void aHoleInTheLogIsFound() {
    sent(1, 3);
    stored(1, 3);
    assertThat(kinds()).containsExactly(Kind.HOLE_IN_LOG);
  }

  @Test
  void anotherEventAtASeqThanOnTheLogIsFound() {
    sent(1, 2);
    stored(1, 2);
    bob.received(C, event(1, "id-1", "m1"));
    bob.received(C, event(2, "id-9", "m2"));
    assertThat(kinds()).containsExactly(Kind.DISAGREEMENT);
  }

  @Test
  void anotherBodyThanOnTheLogIsFoundUnlessItWasDeleted() {
    sent(1);
    stored(1);
    log.add(Event.newBuilder().setSeq(2).setSenderId("alice").setClientEventId("id-2").setDeleted(true).build());
    bob.received(C, event(1, "id-1", "forged"));
    bob.received(C, event(2, "id-2", "gone since"));
    assertThat(kinds()).containsExactly(Kind.DISAGREEMENT);
  }

  // ------------------------------------------------------------ delivery

  @Test
  void aGapIsFoundAndCounted() {
    sent(1, 2, 3, 4);
    stored(1, 2, 3, 4);
    received(bob, 1, 4);
    assertThat(check().counts()).containsEntry(Kind.GAP, 2L).hasSize(1);
  }

  @Test
  void anEventReceivedTwiceIsFound() {
    sent(1, 2);
    stored(1, 2);
    received(bob, 1, 2, 2);
    assertThat(kinds()).containsExactly(Kind.RECEIVED_TWICE);
  }

  @Test
  void anEventReceivedLateIsFound() {
    sent(1, 2, 3);
    stored(1, 2, 3);
    received(bob, 1, 2, 3, 1);
    assertThat(kinds()).containsExactly(Kind.REORDERED);
  }

  @Test
  void aMissingEndIsFoundAndCounted() {
    sent(1, 2, 3);
    stored(1, 2, 3);
    received(bob, 1);
    assertThat(check().counts()).containsEntry(Kind.NOT_DELIVERED, 2L).hasSize(1);
  }

  @Test
  void aResumeMustGiveExactlyTheMissingSuffix() {
    sent(1, 2, 3, 4);
    stored(1, 2, 3, 4);
    received(bob, 1, 2);
    bob.resumed(C, 2);
    received(bob, 3, 4);
    received(alice, 1, 2);
    alice.resumed(C, 2);
    received(alice, 4);
    HistoryChecker checker = check();
    assertThat(checker.findings()).extracting(Finding::kind).containsExactly(Kind.GAP);
    assertThat(checker.findings().getFirst().text()).contains("alice/1");
  }

  @Test
  void aResumeThatGivesAgainWhatTheClientHadIsFound() {
    sent(1, 2, 3);
    stored(1, 2, 3);
    received(bob, 1, 2);
    bob.resumed(C, 2);
    received(bob, 2, 3);
    assertThat(kinds()).containsExactly(Kind.RECEIVED_TWICE);
  }

  @Test
  void whatAClientNoticedOnItsStreamsIsAFinding() {
    for (Violation.Kind kind : Violation.Kind.values()) {
      bob.violated(new Violation(kind, C, 7, 5, "planted"));
    }
    assertThat(kinds())
        .containsExactlyInAnyOrder(
            Kind.GAP, Kind.RECEIVED_TWICE, Kind.REORDERED, Kind.UNREADABLE, Kind.UNANNOUNCED, Kind.MISSING_HEAD,
            Kind.RESUMED_ELSEWHERE);
    assertThat(check().findings().getFirst().text()).isEqualTo("bob/1 in c: at 7 after 5: planted");
  }

  @Test
  void aResetIsRightOnlyIfTheLogDoesNotHoldWhatTheClientHad() {
    sent(1, 2, 3);
    stored(1, 2);
    received(bob, 1, 2, 3);
    reset(bob, 2);
    assertThat(kinds()).isEmpty();
    received(alice, 1, 2);
    reset(alice, 2);
    assertThat(kinds()).containsExactly(Kind.RESET_WITHOUT_CAUSE);
  }

  @Test
  void aResetMayPassOverWhatWasTrimmedAndOverNothingElse() {
    sent(1, 2, 3, 4, 5);
    acked(1, 2, 3, 4, 5);
    stored(4, 5);
    for (HistoryLog client : List.of(alice, bob)) {
      client.following(readable(1));
      received(client, 1);
      client.following(readable(4));
    }
    reset(bob, ResetReason.RESET_REASON_TRIMMED, 3);
    received(bob, 4, 5);
    hearsAll(alice);
    assertThat(kinds()).isEmpty();
    reset(bob, ResetReason.RESET_REASON_TRIMMED, 5);
    assertThat(kinds()).containsExactly(Kind.RESET_WITHOUT_CAUSE);
  }

  @Test
  void aResetThatPassesOverMoreThanWasTrimmedAndAGapWithoutOneAreFound() {
    sent(1, 2, 3, 4, 5);
    stored(4, 5);
    for (HistoryLog client : List.of(alice, bob)) {
      client.following(readable(1));
      received(client, 1);
      client.following(readable(4));
    }
    reset(bob, ResetReason.RESET_REASON_TRIMMED, 4);
    received(bob, 5);
    received(alice, 4, 5);
    assertThat(kinds()).containsExactly(Kind.GAP, Kind.GAP);
  }

  private static Following readable(long first) {
    return Following.newBuilder()
        .setConversationId(C)
        .addReadable(SeqRange.newBuilder().setFirstSeq(first))
        .build();
  }

  // ------------------------------------------------------------ membership

  @Test
  void twoReadableRangesAreNoGapAndWhatLiesBetweenIsALeak() {
    sent(1, 2, 3, 4, 5);
    stored(1, 2, 3, 4, 5);
    for (HistoryLog client : List.of(alice, bob)) {
      client.following(Following.newBuilder().setConversationId(C).setAfterSeq(0)
          .addReadable(SeqRange.newBuilder().setFirstSeq(1).setLastSeq(2))
          .addReadable(SeqRange.newBuilder().setFirstSeq(5)).build());
    }
    received(alice, 1, 2, 5);
    received(bob, 1, 2, 3, 5);
    assertThat(kinds()).containsExactly(Kind.UNREADABLE);
  }

  @Test
  void whatCameAfterARemovalIsALeakWhateverTheServerSaid() {
    Event removal = membership(3).setMemberRemoved(MemberRemoved.newBuilder().setUserId("bob")).build();
    log.add(creation(HistoryPolicy.HISTORY_POLICY_FROM_JOIN));
    sent(2, 4);
    stored(2);
    log.add(removal);
    stored(4);
    SeqRange all = SeqRange.newBuilder().setFirstSeq(1).build();
    bob.following(Following.newBuilder().setConversationId(C).addReadable(all).build());
    bob.received(C, creation(HistoryPolicy.HISTORY_POLICY_FROM_JOIN));
    received(bob, 2);
    bob.received(C, removal);
    hearsAll(alice);
    assertThat(kinds()).isEmpty();
    received(bob, 4);
    assertThat(kinds()).containsExactly(Kind.UNREADABLE);
  }

  @Test
  void whoCameBackMayReadBothStaysOrAllByTheGroupsPolicy() {
    for (HistoryPolicy policy : List.of(HistoryPolicy.HISTORY_POLICY_FROM_JOIN, HistoryPolicy.HISTORY_POLICY_ALL)) {
      Memberships memberships = new Memberships();
      memberships.add(creation(policy));
      memberships.add(membership(2).setMemberRemoved(MemberRemoved.newBuilder().setUserId("bob")).build());
      memberships.add(membership(5).setMembersAdded(MembersAdded.newBuilder().addUserIds("bob")).build());
      memberships.add(
          membership(6).setSenderId("carol").setMemberJoined(MemberJoined.getDefaultInstance()).build());
      boolean all = policy == HistoryPolicy.HISTORY_POLICY_ALL;
      assertThat(memberships.of("bob")).extracting(ranges -> ranges.successor(2)).isEqualTo(all ? 3L : 5L);
      assertThat(memberships.of("carol")).extracting(ranges -> ranges.successor(0)).isEqualTo(all ? 1L : 6L);
      assertThat(memberships.of("dave")).extracting(ranges -> ranges.successor(0)).isEqualTo(Ranges.NONE);
    }
  }

  @Test
  void aMemberWhoHeardNothingAtAllIsFound() {
    log.add(creation(HistoryPolicy.HISTORY_POLICY_ALL));
    sent(2);
    stored(2);
    hearsAll(alice);
    assertThat(check().counts()).containsEntry(Kind.NOT_DELIVERED, 2L).hasSize(1);
    assertThat(check().findings().getFirst().text()).startsWith("bob/1");
  }

  @Test
  void aHeadBelowWhatWasAcknowledgedBeforeTheSessionBeganIsFound() {
    sent(1, 2, 3);
    stored(1, 2, 3);
    acked(1, 2, 3);
    nanos += SECOND;
    bob.resumed(C, 1);
    told(bob, 2);
    received(bob, 2, 3);
    assertThat(kinds()).containsExactly(Kind.STALE_HEAD);
    assertThat(check().findings().getFirst().text()).contains("said to be 2, though 3");
  }

  @Test
  void aHeadMayLackWhatWasAcknowledgedJustNow() {
    sent(1, 2, 3);
    stored(1, 2, 3);
    acked(1, 2);
    nanos += SECOND;
    acked(3);
    bob.resumed(C, 1);
    told(bob, 2);
    nanos += SECOND;
    told(bob, 2);
    received(bob, 2, 3);
    assertThat(kinds()).isEmpty();
  }

  @Test
  void nothingIsSaidOfAHeadWhenTheBeginningOfTheSessionIsNotKnown() {
    sent(1, 2, 3);
    stored(1, 2, 3);
    acked(1, 2, 3);
    nanos += SECOND;
    told(bob, 2);
    received(bob, 1, 2, 3);
    assertThat(kinds()).isEmpty();
  }

  @Test
  void aHeadIsTheLastEventThatMayBeRead() {
    sent(1, 2, 3);
    stored(1, 2, 3);
    acked(1, 2, 3);
    nanos += SECOND;
    bob.resumed(C, 1);
    SeqRange former = SeqRange.newBuilder().setFirstSeq(1).setLastSeq(2).build();
    bob.following(
        Following.newBuilder().setConversationId(C).addReadable(former).setHead(Cursor.newBuilder().setSeq(2)).build());
    received(bob, 2);
    assertThat(kinds()).isEmpty();
  }

  @Test
  void countsGoOnWhenThereAreTooManyForWords() {
    for (int i = 0; i < 60; i++) {
      alice.acked(C, "lost-" + i, 100 + i);
    }
    HistoryChecker checker = check();
    assertThat(checker.findings()).hasSize(50);
    assertThat(checker.counts()).containsEntry(Kind.ACKED_NOT_STORED, 60L);
  }

  private void sent(long... seqs) {
    for (long seq : seqs) {
      alice.sent(C, "id-" + seq);
    }
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

  /** The server says to a member which event is the newest. */
  private static void told(HistoryLog client, long head) {
    SeqRange all = SeqRange.newBuilder().setFirstSeq(1).build();
    client.following(
        Following.newBuilder().setConversationId(C).addReadable(all).setHead(Cursor.newBuilder().setSeq(head)).build());
  }

  /** The client begins at the head, so that nothing is said of it. */
  private void hearsAll(HistoryLog client) {
    client.resumed(C, log.head());
  }

  private static void reset(HistoryLog client, long next) {
    reset(client, ResetReason.RESET_REASON_LOG_WENT_BACK, next);
  }

  private static void reset(HistoryLog client, ResetReason reason, long next) {
    client.reset(Reset.newBuilder().setConversationId(C).setReason(reason)
        .setNext(Cursor.newBuilder().setSeq(next)).build());
  }

  private static Event event(long seq, String id, String text) {
    return Event.newBuilder().setSeq(seq).setSenderId("alice").setClientEventId(id).setMessage(says(text)).build();
  }

  private static Message says(String text) {
    return Message.newBuilder().setText(text).build();
  }

  private static Event creation(HistoryPolicy policy) {
    return membership(1)
        .setCreated(ConversationCreated.newBuilder().setHistoryPolicy(policy).addMemberIds("bob")).build();
  }

  private static Event.Builder membership(long seq) {
    return Event.newBuilder().setSeq(seq).setSenderId("alice").setClientEventId("change-" + seq);
  }

  private HistoryChecker check() {
    return new HistoryChecker(List.of(alice, bob)).check(C, log);
  }

  private List<Kind> kinds() {
    return check().findings().stream().map(Finding::kind).toList();
  }
}
