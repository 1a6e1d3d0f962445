package dev.parley.router.session;

import static dev.parley.router.session.SessionRig.C;
import static dev.parley.router.session.SessionRig.following;
import static dev.parley.router.session.SessionRig.leaving;
import static dev.parley.router.session.SessionRig.message;
import static dev.parley.router.session.SessionRig.range;
import static dev.parley.router.session.SessionRig.record;
import static dev.parley.router.session.SessionRig.removal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.router.Say;
import dev.parley.router.shard.FollowAnswer;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Head;
import dev.parley.v1.HeadsRequest;
import dev.parley.v1.Receipt;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DeliveriesTest {
  private final SessionRig rig = new SessionRig();

  private static List<Long> upTo(long first, long last) {
    List<Long> seqs = new ArrayList<>();
    for (long seq = first; seq <= last; seq++) {
      seqs.add(seq);
    }
    return seqs;
  }

  @Test
  void aConversationWithoutACursorStartsAtItsHead() {
    rig.open(C);
    rig.followed(following(7, 7, range(1, 0)));
    rig.feed(8, 9);

    assertThat(rig.frames()).containsExactly("welcome", "from 7", "live", "events [8]", "events [9]");
    assertThat(rig.reads).isEmpty();
  }

  @Test
  void whoIsBehindIsReadForAndThenLiveWithoutGapOrDuplicate() {
    rig.hello();
    rig.cursors(3);
    rig.session.conversations(List.of(C));
    rig.feed(11); // before the follow is answered: the answer covers it
    rig.followed(following(11, 3, range(1, 0)));
    assertThat(rig.reads).containsExactly(4L);
    rig.feed(12); // while the read is on its way
    rig.readGives(4, 10);
    assertThat(rig.frames()).doesNotContain("live");
    rig.readGives(11, 12);
    rig.feed(13);

    assertThat(rig.seqs()).isEqualTo(upTo(4, 13));
    assertThat(rig.frames()).endsWith("events [11, 12]", "live", "events [13]");
  }

  @Test
  void aReadThatReachesBeyondTheFeedIsNotRepeatedByIt() {
    rig.following(5);
    rig.feed(7); // 6 was not fed to this session
    rig.readGives(6, 7);
    rig.feed(7, 8);

    assertThat(rig.seqs()).containsExactly(6L, 7L, 8L);
  }

  @Test
  void aClientWithoutCreditGetsNothingMoreUntilItGivesSome() {
    rig.open(C);
    rig.followed(following(0, 0, range(1, 0)));
    int sent = rig.written.size();
    int limit = SessionRig.LIMITS.unacknowledgedFrames();
    for (long seq = 1; seq <= 30; seq++) {
      rig.feed(seq);
    }
    assertThat(rig.written).hasSize(limit);
    assertThat(rig.reads).isEmpty();

    rig.creditAll();
    long next = limit - sent + 1;
    assertThat(rig.reads).containsExactly(next);
    rig.readGives(next, 30);
    assertThat(rig.seqs()).isEqualTo(upTo(1, 30));
  }

  @Test
  void aTransportThatIsNotReadyMakesASlowReader() {
    rig.following(0);
    rig.ready = false;
    rig.feed(1, 2, 3);
    rig.session.receipt(Receipt.newBuilder().setConversationId(C).build());
    rig.session.typing(C, "bob");
    assertThat(rig.written).isEmpty();

    rig.ready = true;
    rig.session.ready();
    rig.readGives(1, 3);
    rig.session.receipt(Receipt.newBuilder().setConversationId(C).build());
    rig.session.typing(C, "bob");
    assertThat(rig.frames()).containsExactly("events [1, 2, 3]", "receipt", "typing");
  }

  @Test
  void aReadThatFailedIsTriedAgain() {
    rig.following(0);
    rig.feed(2);
    rig.reads.clear();
    rig.session.readFailed(C);
    assertThat(rig.reads).isEmpty();
    rig.session.tick();
    rig.readGives(1, 2);

    assertThat(rig.seqs()).containsExactly(1L, 2L);
  }

  @Test
  void nothingIsDeliveredAfterTheUsersRemoval() {
    rig.following(3);
    rig.feed(record(message(4), removal(5, "ann"), message(6)));
    rig.feed(7);
    assertThat(rig.written).isEmpty();
    rig.reads.removeFirst();
    rig.session.read(C, List.of(record(message(4), removal(5, "ann"), message(6)), record(message(7))));

    assertThat(rig.seqs()).containsExactly(4L, 5L);
    assertThat(rig.reads).isEmpty();
    rig.feed(8);
    assertThat(rig.seqs()).hasSize(2);
  }

  @Test
  void theRemovalOfAnotherUserIsOneEventOfMany() {
    rig.following(3);
    rig.feed(record(removal(4, "bob"), leaving(5, "cid")));
    rig.feed(6);

    assertThat(rig.seqs()).containsExactly(4L, 5L, 6L);
  }

  @Test
  void whoLeftAndCameBackGetsBothRangesAndNothingBetween() {
    rig.hello();
    rig.cursors(2);
    rig.session.conversations(List.of(C));
    rig.followed(following(9, 2, range(1, 4), range(7, 0)));
    rig.reads.removeFirst();
    rig.session.read(
        C, List.of(record(message(3), message(4), message(5)), record(message(6), message(7)), record(message(8))));
    rig.readGives(9, 9);

    assertThat(rig.seqs()).containsExactly(3L, 4L, 7L, 8L, 9L);
  }

  @Test
  void oneRecordWithTheRemovalAndTheReturnHidesWhatLiesBetween() {
    rig.hello();
    rig.cursors(2);
    rig.session.conversations(List.of(C));
    rig.followed(following(8, 2, range(1, 4), range(7, 0)));
    rig.reads.removeFirst();
    rig.session.read(
        C, List.of(record(message(3), removal(4, "ann"), message(5), message(6), message(7), message(8))));

    assertThat(rig.frames()).containsExactly("welcome", "from 2", "events [3, 4]", "events [7, 8]", "live");
  }

  @Test
  void whoIsAddedAgainInALiveSessionGoesOnFromTheJoin() {
    rig.following(3);
    rig.feed(record(removal(4, "ann")));
    rig.feed(5);
    rig.session.added(C);
    assertThat(Objects.requireNonNull(rig.follows.getFirst().cursor()).getSeq()).isEqualTo(4);
    rig.followed(following(7, 4, range(1, 4), range(6, 0)));
    rig.readGives(6, 7);
    rig.feed(8);

    assertThat(rig.seqs()).containsExactly(4L, 6L, 7L, 8L);
  }

  @Test
  void whoIsToldOfTheReturnBeforeTheRemovalGoesOnFromTheJoin() {
    rig.following(3);
    rig.session.added(C);
    rig.feed(record(removal(4, "ann")));
    rig.feed(record(SessionRig.adding(5, "ann")));
    assertThat(Objects.requireNonNull(rig.follows.getFirst().cursor()).getSeq()).isEqualTo(4);
    rig.followed(following(5, 4, range(1, 4), range(5, 0)));
    rig.readGives(5, 5);
    rig.feed(6);

    assertThat(rig.seqs()).containsExactly(4L, 5L, 6L);
  }

  @Test
  void aReturnInTheRecordOfTheRemovalIsNoticed() {
    rig.following(3);
    rig.feed(record(removal(4, "ann"), SessionRig.adding(5, "ann")));
    rig.followed(following(5, 3, range(1, 4), range(5, 0)));
    rig.readGives(4, 5);

    assertThat(rig.seqs()).containsExactly(4L, 5L);
  }

  @Test
  void othersWhoAreAddedBringNobodyBack() {
    rig.following(3);
    rig.feed(record(removal(4, "ann")));
    rig.feed(record(SessionRig.adding(5, "bob")));

    assertThat(rig.follows).isEmpty();
    assertThat(rig.seqs()).containsExactly(4L);
  }

  @Test
  void aReadOnItsWayWhileTheUserIsAddedAgainRepeatsNothing() {
    rig.hello();
    rig.cursors(1);
    rig.session.conversations(List.of(C));
    rig.followed(following(5, 1, range(1, 0)));
    rig.feed(record(removal(6, "ann")));
    rig.session.added(C);
    rig.readGives(2, 5);
    rig.followed(following(9, 1, range(1, 6), range(8, 0)));
    while (!rig.reads.isEmpty()) {
      long from = rig.reads.getFirst();
      rig.readGives(from, Math.min(from + 2, 9));
    }

    assertThat(rig.seqs()).containsExactly(2L, 3L, 4L, 5L, 6L, 8L, 9L);
    assertThat(rig.frames()).endsWith("live");
    assertThat(rig.caughtUp).isEqualTo(1);
  }

  @Test
  void aFormerMemberGetsWhatIsLeftAndThenTheReason() {
    rig.hello();
    rig.cursors(2);
    rig.session.conversations(List.of());
    rig.followed(following(4, 2, range(1, 4)));
    rig.readGives(3, 4);

    assertThat(rig.frames()).containsExactly("welcome", "from 2", "events [3, 4]", "error NOT_A_MEMBER", "live");
  }

  @Test
  void theAnswerToAnOwnCommandStandsInItsPlace() {
    rig.following(3);
    rig.command("own");
    Request own = rig.submitted.removeFirst();
    rig.feed(4);
    rig.session.answered(own, rig.stored(5, false));
    assertThat(rig.frames()).containsExactly("events [4]");
    rig.feed(record(own, message(5), message(6)));
    rig.session.answered(own, rig.stored(5, false));

    assertThat(rig.frames()).containsExactly("events [4]", "stored 5", "events [6]");
  }

  @Test
  void theAnswerToAnOwnCommandStandsInItsPlaceForOneWhoIsBehindToo() {
    rig.following(0);
    rig.command("own");
    Request own = rig.submitted.removeFirst();
    rig.ready = false;
    rig.feed(1);
    rig.feed(record(own, message(2)));
    rig.session.answered(own, rig.stored(2, false));
    rig.ready = true;
    rig.session.ready();
    rig.reads.removeFirst();
    rig.session.read(C, List.of(record(message(1)), record(own, message(2)), record(message(3))));

    assertThat(rig.frames()).containsExactly("events [1]", "stored 2");
    rig.feed(3);
    assertThat(rig.seqs()).containsExactly(1L, 2L, 3L);
  }

  @Test
  void aRepeatedAnswerDoesNotWaitForItsPlace() {
    rig.following(3);
    rig.command("again");
    rig.session.answered(rig.submitted.removeFirst(), rig.stored(2, true));

    assertThat(rig.frames()).containsExactly("stored 2");
    assertThat(rig.written.getFirst().getSendResult().getStored().getRepeated()).isTrue();
  }

  @Test
  void theEventOfAnotherDevicesSendingOfTheSameIdIsTheAnswerInItsPlace() {
    rig.following(3);
    rig.command("again");
    Request again = rig.submitted.removeFirst();
    rig.feed(record(again, message(4)));
    rig.session.answered(again, rig.stored(4, true));

    assertThat(rig.frames()).containsExactly("stored 4");
    assertThat(rig.written.getFirst().getSendResult().getStored().getRepeated()).isFalse();
  }

  @Test
  void anAnswerThatTheFollowPassesOverIsGivenAndDeliveryGoesOnFromIt() {
    rig.open(C);
    rig.command("own");
    rig.command("own too");
    rig.session.answered(rig.submitted.removeFirst(), rig.stored(4, false));
    Request second = rig.submitted.removeFirst();
    rig.session.answered(second, rig.stored(6, false));
    assertThat(rig.seqs()).isEmpty();
    rig.followed(following(7, 7, range(1, 0)));
    rig.reads.removeFirst();
    rig.session.read(C, List.of(record(message(5)), record(second, message(6)), record(message(7))));

    assertThat(rig.frames())
        .containsExactly("welcome", "stored 4", "from 4", "events [5]", "stored 6", "events [7]", "live");
  }

  @Test
  void anAnswerBeforeTheListIsReadBeginsItsConversation() {
    rig.hello();
    rig.cursors();
    rig.command("own");
    rig.session.answered(rig.submitted.removeFirst(), rig.stored(4, false));
    rig.session.conversations(List.of(C));
    assertThat(rig.follows).hasSize(1);
    rig.followed(following(5, 4, range(1, 0)));
    rig.readGives(5, 5);

    assertThat(rig.seqs()).containsExactly(4L, 5L);
  }

  @Test
  void aResetPassesOverWhatIsNotThereAndLosesNoAnswer() {
    rig.hello();
    rig.cursors(9);
    rig.session.conversations(List.of());
    rig.command("own");
    rig.session.answered(rig.submitted.removeFirst(), rig.stored(5, false));
    rig.followed(SessionRig.reset(5));
    rig.feed(6);

    assertThat(rig.frames()).containsExactly("welcome", "stored 5", "reset 5", "from 5", "live", "events [6]");
  }

  @Test
  void whatWasTrimmedIsPassedOverWithAResetAndTheRestIsRead() {
    rig.hello();
    rig.cursors(3);
    rig.session.conversations(List.of());
    rig.followed(SessionRig.trimmed(9, 7));
    rig.feed(10);
    rig.readGives(7, 10);

    assertThat(rig.frames()).containsExactly("welcome", "reset 6", "from 6", "events [7, 8, 9, 10]", "live");
  }

  @Test
  void whoseReadMeetsWhatWasTrimmedMeanwhileAsksWhereToGoOn() {
    rig.hello();
    rig.cursors(3);
    rig.session.conversations(List.of());
    rig.followed(following(9, 3, range(1, 0)));
    rig.reads.clear();
    rig.session.trimmed(C);
    assertThat(rig.follows).isEmpty();
    rig.time.advance(Duration.ofSeconds(1));
    rig.session.tick();
    rig.followed(SessionRig.trimmed(9, 7));
    rig.readGives(7, 9);

    assertThat(rig.frames())
        .containsExactly("welcome", "from 3", "reset 6", "from 6", "events [7, 8, 9]", "live");
  }

  @Test
  void aCommandThatBeginsAConversationIsFollowedFromItsOwnEvent() {
    rig.open();
    rig.command("first");
    rig.session.answered(rig.submitted.removeFirst(), rig.stored(1, false));
    assertThat(rig.follows.getFirst().cursor()).isEqualTo(SessionRig.cursor(1));
    rig.session.added(C);
    rig.followed(following(2, 1, range(1, 0)));
    rig.readGives(2, 2);

    assertThat(rig.follows).isEmpty();
    assertThat(rig.frames()).containsExactly("welcome", "live", "stored 1", "from 1", "events [2]");
  }

  @Test
  void aConversationThatIsNotThereIsToldAndAsksNoMore() {
    rig.hello();
    rig.cursors(3);
    rig.session.conversations(List.of());
    rig.followed(new FollowAnswer.Refused(Refusal.of(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND, "no")));

    assertThat(rig.frames()).containsExactly("welcome", "error CONVERSATION_NOT_FOUND", "live");
    assertThat(rig.unfollowed).containsExactly(C);
  }

  @Test
  void aFollowThatCannotBeAnsweredNowIsAskedAgain() {
    rig.open(C);
    rig.followed(
        new FollowAnswer.Refused(
            new Refusal(ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE, "later", Map.of(), Duration.ofMillis(500))));
    rig.session.tick();
    assertThat(rig.follows).isEmpty();
    rig.time.advance(Duration.ofSeconds(1));
    rig.session.tick();
    rig.followed(following(2, 2, range(1, 0)));

    assertThat(rig.frames()).containsExactly("welcome", "from 2", "live");
  }

  @Test
  void onlySomeFollowsAreOnTheirWayAtATime() {
    rig.open(C, Say.OTHER, Say.OTHER.replace('2', '3'));
    assertThat(rig.follows).hasSize(SessionRig.LIMITS.concurrentFollows());
    rig.followed(following(2, 2, range(1, 0)));

    assertThat(rig.follows).hasSize(SessionRig.LIMITS.concurrentFollows());
    assertThat(rig.frames()).doesNotContain("live");
  }

  @Test
  void heartbeatsCarryTheHeadsThatChangedAndADigestOverAll() throws Exception {
    rig.following(3);
    rig.feed(4);
    rig.time.advance(SessionRig.LIMITS.heartbeat());
    rig.creditAll();
    rig.session.tick();
    var heads = rig.written.getLast().getHeads();
    assertThat(heads.getHeadsList())
        .containsExactly(Head.newBuilder().setConversationId(C).setSeq(4).build());
    assertThat(heads.getDigest()).isEqualTo(digest(C, 4));

    rig.time.advance(SessionRig.LIMITS.heartbeat());
    rig.session.tick();
    assertThat(rig.written.getLast().getHeads().getHeadsList()).isEmpty();
    rig.send(ClientFrame.newBuilder().setHeadsRequest(HeadsRequest.getDefaultInstance()));
    assertThat(rig.written.getLast().getHeads().getHeadsList()).hasSize(1);
    assertThat(rig.written.getLast().getHeads().getAll()).isTrue();
  }

  private static long digest(String conversation, long head) throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    sha256.update(ConversationIds.bytes(conversation));
    sha256.update(ByteBuffer.allocate(8).putLong(head).flip());
    return ByteBuffer.wrap(sha256.digest()).getLong();
  }
}
