package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.OwnerRecord;
import dev.parley.router.ManualTime;
import dev.parley.v1.Term;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TenureTest {
  private final ShardLog stored = new MemoryBroker(new Layout(1, 1, 1)).shard(0);
  private final ScriptedLog log = new ScriptedLog(stored);
  private final ManualTime time = new ManualTime();
  private final Heard heard = new Heard();
  private final Tenure tenure = tenure(1, heard);

  /** What a listener was told, in order. */
  private static final class Heard implements Tenure.Listener {
    final List<String> all = new ArrayList<>();

    @Override
    public void settled(long ownerPosition) {
      all.add("settled " + ownerPosition);
    }

    @Override
    public void committed(LogRecord record, long position, int size, boolean mine) {
      all.add((mine ? "mine " : "found ") + record.getRecordId().toStringUtf8() + " at " + position);
    }

    @Override
    public void notStored(Kind why) {
      all.add("not stored " + why);
    }
  }

  private Tenure tenure(long seed, Heard listener) {
    return new Tenure(0, "router", log, time, time, new Random(seed), listener);
  }

  private LogRecord record(String id) {
    return LogRecord.newBuilder()
        .setRecordId(ByteString.copyFromUtf8(id))
        .setConversationId("c")
        .setTerm(tenure.term())
        .build();
  }

  private void foreign(String id) {
    long last = stored.tail().join().position();
    stored.append("c", record(id).toByteArray(), last).join();
  }

  private void settled() {
    tenure.settle();
    heard.all.clear();
  }

  @Test
  void takesTheShardWithAnOwnerRecordBehindWhatIsThere() {
    foreign("older");
    tenure.settle();

    assertThat(heard.all).containsExactly("settled 2");
    assertThat(tenure.ready()).isTrue();
    assertThat(Tenure.parse(Objects.requireNonNull(stored.last(ShardLog.OWNER_KEY).join())).getTerm()).isEqualTo(tenure.term());
  }

  @Test
  void appendsBehindTheLastPosition() {
    settled();
    tenure.append(record("a"));
    tenure.append(record("b"));

    assertThat(heard.all).containsExactly("mine a at 2", "mine b at 3");
    assertThat(tenure.last()).isEqualTo(3);
  }

  @Test
  void aLostAckOfARecordThatLandedIsOneAnswerStored() {
    settled();
    log.fates.add(ScriptedLog.Append::ackLost);
    tenure.append(record("a"));

    assertThat(heard.all).containsExactly("mine a at 2", "settled 3");
    assertThat(tenure.ready()).isTrue();
  }

  @Test
  void aRecordThatDidNotLandIsDecidedAnewAfterTheSettle() {
    settled();
    log.fates.add(append -> append.failed(Kind.UNKNOWN));
    tenure.append(record("a"));

    assertThat(heard.all).containsExactly("not stored CONFLICT", "settled 2");
  }

  @Test
  void aLateRecordOfAnEarlierTryIsFencedByTheOwnerRecord() {
    settled();
    log.holding = true;
    tenure.append(record("late"));
    ScriptedLog.Append late = log.takeHeld();
    tenure.settle();
    late.now();

    assertThat(late.ack).isCompletedExceptionally();
    assertThat(heard.all).containsExactly("not stored CONFLICT", "settled 2");
  }

  @Test
  void aForeignRecordThatTookThePositionIsFoundBeforeTheShardIsSettled() {
    settled();
    foreign("theirs");
    tenure.append(record("a"));

    assertThat(heard.all).containsExactly("found theirs at 2", "not stored CONFLICT", "settled 3");
  }

  @Test
  void whatIsCertainlyNotStoredNeedsNoSettle() {
    settled();
    for (Kind kind : List.of(Kind.FULL, Kind.NOT_SENT, Kind.REFUSED)) {
      log.fates.add(append -> append.failed(kind));
      tenure.append(record("a"));
      assertThat(tenure.ready()).isTrue();
    }

    assertThat(heard.all).containsExactly("not stored FULL", "not stored NOT_SENT", "not stored REFUSED");
    assertThat(stored.tail().join().position()).isEqualTo(1);
  }

  @Test
  void anAckOfAnotherPositionIsNotBelieved() {
    settled();
    log.fates.add(append -> append.ack.complete(17L));
    tenure.append(record("a"));

    assertThat(heard.all).containsExactly("not stored CONFLICT", "settled 2");
  }

  @Test
  void aStaleReaderIsAskedAgainNotBelieved() {
    settled();
    log.fates.add(ScriptedLog.Append::ackLost);
    log.staleReads = 2;
    tenure.append(record("a"));
    assertThat(heard.all).isEmpty();

    time.advance(Duration.ofSeconds(1));
    assertThat(heard.all).containsExactly("mine a at 2", "settled 3");
  }

  @Test
  void aTermGrowsWithEveryTakeOverAndNeverComesBack() {
    Term far = Term.newBuilder().setNumber(Long.MAX_VALUE / 2).build();
    List<Term> terms = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      tenure.settle();
      terms.add(tenure.term());
    }
    stored.append(ShardLog.OWNER_KEY,
        LogRecord.newBuilder().setTerm(far).setOwner(OwnerRecord.getDefaultInstance()).build().toByteArray(),
        stored.tail().join().position()).join();
    Tenure later = tenure(2, new Heard());
    later.settle();
    terms.add(later.term());

    assertThat(terms).extracting(Term::getNumber).doesNotHaveDuplicates().isSorted();
    assertThat(terms).extracting(Term::getIncarnation).doesNotHaveDuplicates();
    assertThat(later.term().getNumber()).isEqualTo(far.getNumber() + 1);
    assertThat(terms.getFirst().getNumber()).isEqualTo(time.millis());
  }

  @Test
  void aClosedTenureSaysNothingMore() {
    settled();
    log.holding = true;
    tenure.append(record("a"));
    tenure.close();
    log.takeHeld().failed(Kind.UNKNOWN);
    tenure.settle();

    assertThat(heard.all).isEmpty();
  }
}
