package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.history.TrimmedException;
import dev.parley.router.Say;
import dev.parley.router.shard.ShardRig.Asked;
import dev.parley.v1.Conversation;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.ResetReason;
import dev.parley.v1.SeqRange;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** An owner whose log was trimmed behind its back: of a hundred messages, those from seq 51 on are left. */
class TrimmedShardIT {
  private static final long FIRST = 51;
  private static final long HEAD = 101;

  private final ShardRig shard = new ShardRig().start().withGroup();
  private final Asked oldest = shard.ask("bob", Say.message("m 0"));

  TrimmedShardIT() {
    for (int i = 1; i < 100; i++) {
      shard.ask("bob", Say.message("m " + i)).stored();
    }
  }

  private ShardRig trimmed() {
    trim(record(FIRST).position());
    shard.tail.clear();
    return shard;
  }

  private void trim(long firstKept) {
    shard.broker.shard(0).trim(firstKept).join();
  }

  private CommittedRecord record(long seq) {
    return shard.heard.records.stream().filter(record -> record.firstSeq() == seq).findFirst().orElseThrow();
  }

  private Cursor cursor(long seq) {
    CommittedRecord record = record(seq);
    return Cursor.newBuilder().setSeq(seq).setPosition(record.position()).setTerm(record.term()).build();
  }

  private FollowAnswer.Following follow(Cursor cursor) {
    return (FollowAnswer.Following) shard.follows.follow(Say.GROUP, "bob", cursor, false, 0).join();
  }

  @Test
  void aCursorWhoseNextEventWasTrimmedIsResetToTheOneBeforeTheFirstThatIsLeft() {
    trimmed();
    for (Cursor cursor : new Cursor[] {Cursor.getDefaultInstance(), cursor(10), cursor(FIRST - 2), seqOnly(10)}) {
      FollowAnswer.Following answer = follow(cursor);

      assertThat(answer.reset()).isEqualTo(ResetReason.RESET_REASON_TRIMMED);
      assertThat(answer.next()).isEqualTo(seqOnly(FIRST - 1));
      assertThat(answer.readable()).containsExactly(SeqRange.newBuilder().setFirstSeq(FIRST).build());
    }
    assertThat(shard.history.from(Say.GROUP, FIRST).join().getFirst().firstSeq()).isEqualTo(FIRST);
  }

  @Test
  void aCursorWhoseNextEventIsLeftGoesOnEvenIfItsOwnRecordWasTrimmed() {
    trimmed();
    for (Cursor cursor : new Cursor[] {cursor(FIRST - 1), seqOnly(FIRST - 1), cursor(FIRST), cursor(HEAD)}) {
      assertThat(follow(cursor).reset()).isNull();
    }
    trim(record(HEAD).position() + 1);
    assertThat(follow(cursor(HEAD)).reset()).isNull();
    assertThat(follow(cursor(FIRST)).next()).isEqualTo(follow(cursor(HEAD)).head());
  }

  @Test
  void aCursorThatTheLogNeverGaveIsStillOneOfALogThatWentBack() {
    trimmed();
    Cursor elsewhere = cursor(HEAD - 1).toBuilder().setSeq(HEAD).build();
    for (Cursor strange : new Cursor[] {seqOnly(HEAD + 1), elsewhere}) {
      assertThat(follow(strange).reset()).isEqualTo(ResetReason.RESET_REASON_LOG_WENT_BACK);
    }
  }

  private static Cursor seqOnly(long seq) {
    return Cursor.newBuilder().setSeq(seq).build();
  }

  @Test
  void readingBeginsWithTheFirstEventThatIsLeft() {
    trimmed();
    Conversation described = shard.follows.describe(Say.GROUP, "bob").join();

    assertThat(described.getReadable(0).getFirstSeq()).isEqualTo(FIRST);
    assertThat(shard.history.pageOf(Say.GROUP, FIRST).join().getFirst().firstSeq()).isEqualTo(FIRST);
    assertThat(shard.history.from(Say.GROUP, FIRST - 1)).failsWithin(Duration.ZERO).withThrowableThat()
        .withCauseInstanceOf(TrimmedException.class);
    assertThat(shard.history.pageOf(Say.GROUP, 1)).failsWithin(Duration.ZERO).withThrowableThat()
        .withCauseInstanceOf(TrimmedException.class);
  }

  @Test
  void whatWasTrimmedCannotBeEditedAndItsIdIsNeverNew() {
    trimmed();
    assertThat(shard.ask("bob", Say.edit(oldest.seq(), "too late")).refusal())
        .isEqualTo(ErrorReason.ERROR_REASON_EVENT_NOT_FOUND);
    assertThat(shard.ask(oldest.request).seq()).isEqualTo(oldest.seq());
    shard.time.advance(Duration.ofMinutes(5));
    for (int i = 0; i < 40; i++) {
      shard.ask("bob", Say.message("more")).stored();
    }

    assertThat(shard.ask(oldest.request).refusal()).isEqualTo(ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_TOO_OLD);
    assertThat(shard.ask("bob", Say.message("new")).seq()).isEqualTo(HEAD + 41);
  }

  @Test
  void aMarkInWhatWasTrimmedLeavesUnreadWhatIsLeft() {
    trimmed();
    shard.marks.mark("ann", Say.GROUP, FIRST - 10, answer -> {});

    assertThat(shard.follows.describe(Say.GROUP, "ann").join().getUnreadCount()).isEqualTo(HEAD - FIRST + 1);
  }

  @Test
  void aConversationThatNothingCoversIsRefusedAloneAndReadOnce() {
    shard.ask("ann", Say.OTHER, Say.group("bob")).stored();
    trimmed();
    ShardRig next = shard.restarted().start();
    Asked refused = next.ask("bob", Say.message("lost"));
    int reads = next.log.reads;

    assertThat(refused.refusal()).isEqualTo(ErrorReason.ERROR_REASON_INTERNAL);
    assertThat(next.ask("bob", Say.message("lost")).refusal()).isEqualTo(ErrorReason.ERROR_REASON_INTERNAL);
    assertThat(next.follows.follow(Say.GROUP, "bob", null, false, 0)).failsWithin(Duration.ZERO).withThrowableThat()
        .withCauseInstanceOf(LostConversationException.class)
        .satisfies(
            failure ->
                assertThat(Refusals.refusal(Objects.requireNonNull(failure.getCause())).retryAfter()).isNull());
    assertThat(next.log.reads).isEqualTo(reads);
    assertThat(next.ask("bob", Say.OTHER, Say.message("here")).seq()).isEqualTo(2);
  }
}
