package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.protobuf.ByteString;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.OwnerRecord;
import dev.parley.router.ManualTime;
import dev.parley.v1.Term;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Routers named {@code one}, {@code two} ... over one log. A fence of the window W takes W + 1 positions. */
class TenureTest {
  private static final int W = 3;

  private final ShardLog stored = new MemoryBroker(new Layout(1, W, 1)).shard(0);
  private final ManualTime time = new ManualTime();
  /** Who counts the shard as its own. */
  private final List<String> owned = new ArrayList<>();

  private final Router one = new Router("one", W);
  private final Router two = new Router("two", W);

  /** A router with its way to the log, its clock, and what its tenure told, in order. */
  private final class Router implements Tenure.Listener {
    final ScriptedLog log = new ScriptedLog(stored);
    final List<String> heard = new ArrayList<>();
    final Tenure tenure;
    Duration ahead = Duration.ZERO;

    Router(String name, int window) {
      ShardContext context =
          new ShardContext(
              0, name, name.hashCode(), window, log, ShardRig.LIMITS, () -> time.instant().plus(ahead), time::nanos,
              time, new Random(name.hashCode()), (user, other) -> false, () -> true, metrics(name));
      tenure = new Tenure(context, this);
    }

    @Override
    public void settled(long ownerPosition) {
      heard.add("settled " + ownerPosition);
    }

    @Override
    public void committed(LogRecord record, long position, ByteString encoded, boolean mine) {
      heard.add((mine ? "mine " : "found ") + record.getRecordId().toStringUtf8() + " at " + position);
    }

    @Override
    public void notStored(LogRecord record, Kind why) {
      heard.add("not stored " + record.getRecordId().toStringUtf8() + " " + why);
    }

    @Override
    public void abandoned(LogRecord record) {
      heard.add("abandoned " + record.getRecordId().toStringUtf8());
    }

    @Override
    public void lostSight() {
      heard.add("lost sight");
    }

    @Override
    public void deposed(Term by, @org.jspecify.annotations.Nullable String router) {
      heard.add("deposed by " + router);
    }

    /** Owns the shard, and has told nothing yet. */
    Router owning() {
      tenure.takeOver();
      assertThat(tenure.ready()).isTrue();
      heard.clear();
      return this;
    }

    void append(String... ids) {
      for (String id : ids) {
        tenure.append(record(tenure.term(), id, time.instant()));
      }
    }

    /** The answers to {@link Tenure#whenSure}, as they come. */
    List<Boolean> whenSure() {
      List<Boolean> answers = new ArrayList<>();
      tenure.whenSure(answers::add);
      return answers;
    }

    List<Long> givenAway() {
      List<Long> positions = new ArrayList<>();
      tenure.giveAway(positions::add);
      return positions;
    }
  }

  private ShardMetrics metrics(String router) {
    return new ShardMetrics() {
      @Override
      public void settling(int shard, boolean takingOver) {
        owned.remove(router);
      }

      @Override
      public void owned(int shard, boolean now) {
        owned.remove(router);
        if (now) {
          owned.add(router);
        }
      }
    };
  }

  private static LogRecord record(Term term, String id, Instant at) {
    return LogRecord.newBuilder()
        .setRecordId(ByteString.copyFromUtf8(id))
        .setConversationId("c")
        .setTerm(term)
        .setTime(Timestamps.of(at))
        .build();
  }

  private long tail() {
    return stored.tail().join().position();
  }

  private LogRecord at(long position) {
    return Tenure.parse(Objects.requireNonNull(stored.read(new long[] {position}).join().getFirst()));
  }

  /** A record that appears on the log, whoever wrote it. */
  private void put(String id) {
    put(id, Term.getDefaultInstance(), time.instant());
  }

  private void put(String id, Term term, Instant at) {
    stored.append("c", record(term, id, at).toByteArray(), tail()).join();
  }

  // ------------------------------------------------------------------ taking over

  @Test
  void takesTheShardWithAWindowOfFillersAndAnOwnerRecordBehindThem() {
    put("older");
    one.tenure.takeOver();

    assertThat(one.heard).containsExactly("settled 5");
    assertThat(one.tenure.ready()).isTrue();
    for (long position = 2; position <= 4; position++) {
      assertThat(at(position).hasFiller()).isTrue();
      assertThat(at(position).getTerm()).isEqualTo(one.tenure.term());
    }
    assertThat(at(5).getOwner().getRouter()).isEqualTo("one");
    assertThat(at(5).getTerm()).isEqualTo(one.tenure.term());
  }

  @Test
  void withAWindowOfOneAnOwnerRecordIsEnough() {
    Router narrow = new Router("narrow", 1);
    narrow.tenure.takeOver();

    assertThat(narrow.heard).containsExactly("settled 1");
    assertThat(narrow.log.fillers).isZero();
  }

  @Test
  void latePipelineLandsBehindAnOwnerRecordThatStandsAlone() {
    one.owning();
    one.log.holding = true;
    one.append("late 1", "late 2", "late 3");
    Router careless = new Router("careless", 1).owning();
    long ownerPosition = tail();
    one.log.arrive();

    assertThat(at(ownerPosition + 1).getRecordId().toStringUtf8()).isEqualTo("late 2");
    assertThat(at(ownerPosition + 2).getRecordId().toStringUtf8()).isEqualTo("late 3");
    assertThat(careless.tenure.last()).isEqualTo(ownerPosition);
  }

  @Test
  void latePipelineCannotLandBehindFillers() {
    one.owning();
    one.log.holding = true;
    one.append("late 1", "late 2", "late 3");
    two.owning();
    long ownerPosition = tail();
    List<ScriptedLog.Append> late = List.copyOf(one.log.held);
    one.log.arrive();

    assertThat(late).allSatisfy(append -> assertThat(append.ack).isCompletedExceptionally());
    assertThat(tail()).isEqualTo(ownerPosition);
    assertThat(one.heard)
        .containsExactly("abandoned late 1", "abandoned late 2", "abandoned late 3", "deposed by two");
  }

  @Test
  void theOwnerRecordIsSentOnlyWhenAllFillersAreAcknowledgedInARow() {
    one.log.holdingFillers = true;
    one.tenure.takeOver();
    one.log.takeHeld().now();
    one.log.takeHeld().now();
    assertThat(stored.tail().join().owner()).isNull();

    one.log.takeHeld().now();
    assertThat(one.heard).containsExactly("settled 4");
  }

  @Test
  void aLostFillerMeansAnotherTry() {
    one.log.fillerFates.add(append -> append.failed(Kind.UNKNOWN));
    one.tenure.takeOver();
    assertThat(one.heard).isEmpty();

    time.advance(Duration.ofMillis(100));
    assertThat(one.heard).containsExactly("settled 4");
  }

  @Test
  void aLostAckOfTheOwnerRecordMeansANewTerm() {
    List<LogRecord> sent = new ArrayList<>();
    one.log.ownerFates.add(append -> {
      sent.add(Tenure.parse(new ShardLog.StoredRecord(1, append.bytes)));
      append.ackLost();
    });
    one.tenure.takeOver();
    time.advance(Duration.ofMillis(100));

    assertThat(one.heard).containsExactly("settled 8");
    assertThat(Terms.compare(one.tenure.term(), sent.getFirst().getTerm())).isPositive();
  }

  @Test
  void aTailThatNobodyTellsIsAskedForAgainSoon() {
    one.log.silentTails = 2;
    one.tenure.takeOver();
    time.advance(Duration.ofMillis(199));
    assertThat(one.heard).isEmpty();

    time.advance(Duration.ofMillis(1));
    assertThat(one.heard).containsExactly("settled 4");
    time.advance(Duration.ofSeconds(5));
    assertThat(tail()).isEqualTo(4);
  }

  @Test
  void aLogThatIsFullOrForbiddenIsTriedAgainWithAPause() {
    one.log.fillerFates.add(append -> append.failed(Kind.FULL));
    one.log.ownerFates.add(append -> append.failed(Kind.REFUSED));
    one.tenure.takeOver();
    time.advance(Duration.ofMillis(1_999));
    assertThat(one.heard).isEmpty();

    time.advance(Duration.ofMillis(100));
    assertThat(one.heard).hasSize(1);
  }

  @Test
  void aBrokerThatReadsAndDoesNotWriteIsSaidInALineAMinuteAndOwnedByNobody() {
    one.owning();
    assertThat(owned).containsExactly("one");
    Logger logger = (Logger) LoggerFactory.getLogger(Fence.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try {
      one.log.failing = Kind.UNKNOWN;
      one.append("a");
      time.advance(Duration.ofSeconds(5));
      assertThat(lines.list).isEmpty();
      assertThat(owned).isEmpty();
      assertThat(one.tenure.stuck()).isFalse();

      time.advance(Duration.ofSeconds(5));
      assertThat(lines.list)
          .singleElement()
          .satisfies(
              line -> {
                assertThat(line.getLevel()).isEqualTo(Level.WARN);
                assertThat(line.getFormattedMessage()).startsWith("shard 0: has no owner").contains("restart nats-server");
              });
      assertThat(one.tenure.stuck()).isTrue();
      time.advance(Duration.ofSeconds(60));
      assertThat(lines.list).hasSize(2);

      one.log.failing = null;
      time.advance(Duration.ofSeconds(1));
      assertThat(one.heard.getLast()).startsWith("settled");
      assertThat(owned).containsExactly("one");
      assertThat(one.tenure.stuck()).isFalse();
      assertThat(lines.list).hasSize(2);
    } finally {
      logger.detachAppender(lines);
    }
  }

  @Test
  void aTermGrowsWithEveryTakeOverAndNeverComesBack() {
    Term far = Term.newBuilder().setNumber(Long.MAX_VALUE / 2).build();
    List<Term> terms = new ArrayList<>();
    one.owning();
    for (int i = 0; i < 5; i++) {
      terms.add(one.tenure.term());
      one.tenure.settle();
    }
    stored.append(ShardLog.OWNER_KEY,
        LogRecord.newBuilder().setTerm(far).setOwner(OwnerRecord.getDefaultInstance()).build().toByteArray(),
        tail()).join();
    two.owning();
    terms.add(two.tenure.term());

    assertThat(terms).isSortedAccordingTo(Terms::compare);
    assertThat(terms).extracting(Term::getNumber).doesNotHaveDuplicates();
    assertThat(terms.getFirst().getNumber()).isEqualTo(time.millis());
    assertThat(two.tenure.term().getNumber()).isEqualTo(far.getNumber() + 1);
    assertThat(two.tenure.term().getIncarnation()).isEqualTo("two".hashCode());
  }

  @Test
  void equalNumbersAreOrderedByTheIncarnationWithoutASign() {
    Term low = Term.newBuilder().setNumber(7).setIncarnation(1).build();
    Term high = Term.newBuilder().setNumber(7).setIncarnation(-1).build();

    assertThat(Terms.compare(low, high)).isNegative();
    assertThat(Terms.max(low, high)).isEqualTo(high);
    assertThat(Terms.compare(high, Term.newBuilder().setNumber(8).build())).isNegative();
  }

  @Test
  void timesNeverGoBackThoughTheNextOwnersClockDoes() {
    one.ahead = Duration.ofSeconds(40);
    one.owning();
    Instant latest = one.tenure.now();
    put("ahead", one.tenure.term(), latest);
    two.log.fillerFates.add(append -> append.failed(Kind.CONFLICT));
    two.owning();

    assertThat(two.tenure.now()).isEqualTo(latest);
    assertThat(at(tail()).getTime()).isEqualTo(Timestamps.of(latest));
    time.advance(Duration.ofSeconds(41));
    assertThat(two.tenure.now()).isEqualTo(time.instant());
  }

  // ------------------------------------------------------------------ appending

  @Test
  void appendsBehindTheLastPosition() {
    one.owning();
    one.append("a", "b");

    assertThat(one.heard).containsExactly("mine a at 5", "mine b at 6");
    assertThat(one.tenure.last()).isEqualTo(6);
  }

  @Test
  void aWindowOfRecordsIsInFlightAndIsToldInOrderOfPositions() {
    one.owning();
    one.log.holding = true;
    one.append("a", "b", "c");
    assertThat(one.tenure.ready()).isFalse();
    List<ScriptedLog.Append> sent = List.copyOf(one.log.held);
    assertThat(sent).extracting(append -> append.expected).containsExactly(4L, 5L, 6L);

    sent.get(1).ack.complete(6L);
    assertThat(one.heard).isEmpty();
    sent.get(0).ack.complete(5L);
    assertThat(one.heard).containsExactly("mine a at 5", "mine b at 6");
    assertThat(one.tenure.ready()).isTrue();
    assertThat(one.tenure.appending()).isTrue();
  }

  @Test
  void aLostAckOfARecordThatLandedIsOneAnswerStored() {
    one.owning();
    one.log.fates.add(ScriptedLog.Append::ackLost);
    one.append("a");

    assertThat(one.heard).containsExactly("mine a at 5", "settled 9");
    assertThat(one.tenure.ready()).isTrue();
  }

  @Test
  void aRecordThatDidNotLandIsDecidedAnewAfterTheSettle() {
    one.owning();
    one.log.fates.add(append -> append.failed(Kind.UNKNOWN));
    one.append("a");

    assertThat(one.heard).containsExactly("not stored a CONFLICT", "settled 8");
  }

  @Test
  void aHoleInThePipelineIsResolvedByWhatTheLogHolds() {
    one.owning();
    one.log.holding = true;
    one.append("a", "b", "c");
    one.log.holdingFillers = true;
    one.log.takeHeld().ackLost();
    one.log.arrive();
    time.advance(Duration.ofSeconds(1));

    assertThat(one.heard).startsWith("mine a at 5", "mine b at 6", "mine c at 7").hasSize(4);
    assertThat(one.tenure.ready()).isTrue();
  }

  @Test
  void whatWasSentBehindALostRecordIsNotStoredEither() {
    one.owning();
    one.log.holding = true;
    one.append("a", "b", "c");
    one.log.takeHeld().now();
    one.log.takeHeld().failed(Kind.UNKNOWN);
    one.log.arrive();

    assertThat(one.heard)
        .containsExactly("mine a at 5", "not stored b CONFLICT", "not stored c CONFLICT", "settled 9");
  }

  @Test
  void anAckThatComesAfterTheEndOfTheChainIsNotHeard() {
    one.owning();
    one.log.holding = true;
    one.append("a", "b");
    ScriptedLog.Append first = one.log.takeHeld();
    ScriptedLog.Append second = one.log.takeHeld();
    one.log.holdingFillers = true;
    second.failed(Kind.UNKNOWN);
    first.now();
    assertThat(one.heard).isEmpty();

    one.log.holding = false;
    one.log.arrive();
    time.advance(Duration.ofSeconds(1));
    assertThat(one.heard).first().isEqualTo("mine a at 5");
    assertThat(one.heard).contains("not stored b CONFLICT");
  }

  @Test
  void aRecordOfAnotherThatTookThePositionIsFoundBeforeTheShardIsSettled() {
    one.owning();
    put("theirs");
    one.append("a");

    assertThat(one.heard).containsExactly("found theirs at 5", "not stored a CONFLICT", "settled 9");
  }

  @Test
  void whatIsAloneAndCertainlyNotStoredNeedsNoSettle() {
    one.owning();
    for (Kind kind : List.of(Kind.FULL, Kind.NOT_SENT, Kind.REFUSED)) {
      one.log.fates.add(append -> append.failed(kind));
      one.append("a");
      assertThat(one.tenure.ready()).isTrue();
    }

    assertThat(one.heard).containsExactly("not stored a FULL", "not stored a NOT_SENT", "not stored a REFUSED");
    assertThat(tail()).isEqualTo(4);
    one.append("b");
    assertThat(one.heard).last().isEqualTo("mine b at 5");
  }

  @Test
  void whatIsCertainlyNotStoredEndsTheChainOfThoseThatExpectItsPosition() {
    one.owning();
    one.log.holding = true;
    one.append("a", "b", "c");
    one.log.takeHeld().now();
    one.log.takeHeld().failed(Kind.FULL);

    assertThat(one.heard)
        .containsExactly("mine a at 5", "not stored b FULL", "not stored c CONFLICT", "settled 9");
  }

  @Test
  void anAckOfAnotherPositionIsNotBelieved() {
    one.owning();
    one.log.fates.add(append -> append.ack.complete(17L));
    one.append("a");

    assertThat(one.heard).containsExactly("not stored a CONFLICT", "settled 8");
  }

  @Test
  void aStaleReaderIsAskedAgainNotBelieved() {
    one.owning();
    one.log.fates.add(ScriptedLog.Append::ackLost);
    one.log.staleReads = 1;
    one.log.ownerFates.add(append -> {
      one.log.staleReads = 2;
      append.now();
    });
    one.append("a");
    assertThat(one.heard).isEmpty();

    time.advance(Duration.ofSeconds(1));
    assertThat(one.heard).first().isEqualTo("mine a at 5");
    assertThat(one.tenure.ready()).isTrue();
  }

  @Test
  void whatWasTrimmedMeanwhileIsNotWaitedFor() {
    one.owning();
    put("gone");
    put("there");
    stored.trim(6);
    one.tenure.settle();

    assertThat(one.heard).containsExactly("lost sight", "found there at 6", "settled 10");
  }

  @Test
  void aLogThatWentBackIsNoticed() {
    one.owning();
    one.append("a");
    ShardLog restored = new MemoryBroker(new Layout(1, W, 1)).shard(0);
    one.heard.clear();
    one.log.stored = restored;
    one.tenure.settle();
    assertThat(one.heard).containsExactly("lost sight", "settled 4");

    one.heard.clear();
    one.log.stored = stored;
    one.tenure.settle();
    assertThat(one.heard).contains("lost sight");
  }

  @Test
  void aClosedTenureSaysNothingMore() {
    one.owning();
    one.log.holding = true;
    one.append("a");
    one.tenure.close();
    one.log.takeHeld().failed(Kind.UNKNOWN);
    one.tenure.settle();
    one.tenure.takeOver();

    assertThat(one.heard).isEmpty();
    assertThat(one.whenSure()).containsExactly(false);
  }

  // ------------------------------------------------------------------ several routers

  @Test
  void anOwnerThatIsRefusedStandsDownBeforeTheHigherTermOfAnother() {
    one.owning();
    two.owning();
    one.append("a");

    assertThat(one.heard).containsExactly("abandoned a", "deposed by two");
    assertThat(one.tenure.ready()).isFalse();
    assertThat(two.tenure.ready()).isTrue();
    two.append("b");
    assertThat(two.heard).containsExactly("mine b at 9");
  }

  @Test
  void aFillerOfAHigherTermIsEnoughToStandDown() {
    one.owning();
    two.log.ownerFates.add(append -> {});
    two.tenure.takeOver();
    one.tenure.settle();

    assertThat(one.heard).containsExactly("deposed by null");
  }

  @Test
  void fillersOfOnesOwnAreNoReasonToStandDown() {
    one.owning();
    one.log.ownerFates.add(append -> append.failed(Kind.UNKNOWN));
    one.tenure.settle();
    time.advance(Duration.ofMillis(100));

    assertThat(one.heard).containsExactly("settled 11");
  }

  @Test
  void oneThatStoodDownTakesTheShardBackWhenItIsToldTo() {
    one.owning();
    two.owning();
    one.tenure.settle();
    two.append("theirs");
    one.heard.clear();
    one.tenure.settle();
    assertThat(one.heard).isEmpty();
    one.tenure.takeOver();

    assertThat(one.heard).containsExactly("found theirs at 9", "settled 13");
    two.append("too late");
    assertThat(two.heard).containsExactly("mine theirs at 9", "abandoned too late", "deposed by one");
  }

  @Test
  void anOwnerThatGoesOnAppendingMeetsTheFillersOfTheNext() {
    one.owning();
    two.log.fillerFates.add(append -> {
      one.append("in between");
      append.now();
    });
    two.tenure.takeOver();
    assertThat(two.heard).hasSize(1).first().asString().startsWith("settled");
    assertThat(two.log.fillers).isEqualTo(W + 4 * W + W);
    one.append("refused");

    assertThat(one.heard).containsExactly("mine in between at 5", "abandoned refused", "deposed by two");
  }

  @Test
  void anOwnerThatOnlyMakesSureSendsNoFillersAhead() {
    one.owning();
    one.log.fillerFates.add(append -> {
      put("in between");
      append.now();
    });
    one.tenure.settle();

    assertThat(one.heard).first().isEqualTo("found in between at 5");
    assertThat(one.log.fillers).isEqualTo(3 * W);
  }

  // ------------------------------------------------------------------ being sure

  @Test
  void anOwnerThatAppendedLatelyIsSure() {
    one.owning();
    time.advance(Duration.ofMillis(499));

    assertThat(one.whenSure()).containsExactly(true);
    assertThat(one.log.fillers).isEqualTo(W);
  }

  @Test
  void anIdleOwnerAsksTheLogOnceForAllWhoWait() {
    one.owning();
    time.advance(Duration.ofMillis(500));
    one.log.holdingFillers = true;
    List<Boolean> first = one.whenSure();
    List<Boolean> second = one.whenSure();
    assertThat(first).isEmpty();
    assertThat(one.log.held).hasSize(1);
    one.log.arrive();

    assertThat(first).containsExactly(true);
    assertThat(second).containsExactly(true);
    assertThat(one.heard).isEmpty();
    assertThat(one.whenSure()).containsExactly(true);
  }

  @Test
  void whenAnAckTakesLongItProvesNothingToThoseWhoAskedAfterItWasSent() {
    one.owning();
    time.advance(Duration.ofMillis(500));
    one.log.holdingFillers = true;
    List<Boolean> before = one.whenSure();
    time.advance(Duration.ofMillis(1));
    List<Boolean> after = one.whenSure();
    time.advance(Duration.ofMillis(600));
    one.log.takeHeld().now();

    assertThat(before).containsExactly(true);
    assertThat(after).isEmpty();
    one.log.takeHeld().now();
    assertThat(after).containsExactly(true);
  }

  @Test
  void aProofOfNowIsAnAppendThatWasSentAfterTheQuestion() {
    one.owning();
    one.append("just before");
    time.advance(Duration.ofMillis(1));
    one.log.holdingFillers = true;
    List<Boolean> proven = new ArrayList<>();
    one.tenure.whenProven(proven::add);
    assertThat(proven).isEmpty();
    one.log.arrive();

    assertThat(proven).containsExactly(true);
  }

  @Test
  void itCountsWhenAnAppendWasSentNotWhenItWasAcknowledged() {
    one.owning();
    one.log.holding = true;
    one.append("slow");
    time.advance(Duration.ofMillis(500));
    one.log.takeHeld().now();
    one.log.holdingFillers = true;

    assertThat(one.whenSure()).isEmpty();
    assertThat(one.log.held).hasSize(1);
  }

  @Test
  void anOwnerThatWasDeposedUnnoticedLearnsItBeforeItAnswers() {
    one.owning();
    two.owning();
    time.advance(Duration.ofMillis(500));

    assertThat(one.whenSure()).containsExactly(false);
    assertThat(one.heard).containsExactly("deposed by two");
    assertThat(one.whenSure()).containsExactly(false);
  }

  @Test
  void whoAsksWhileTheShardIsSettledIsToldAfterIt() {
    assertThat(one.whenSure()).containsExactly(false);
    one.log.holdingFillers = true;
    one.tenure.takeOver();
    List<Boolean> early = one.whenSure();
    assertThat(early).isEmpty();
    one.log.arrive();

    assertThat(early).containsExactly(true);
  }

  @Test
  void aFillerThatFindsNoRoomIsSentAgain() {
    one.owning();
    time.advance(Duration.ofMillis(500));
    one.log.fillerFates.add(append -> append.failed(Kind.FULL));
    List<Boolean> asked = one.whenSure();
    assertThat(asked).isEmpty();

    time.advance(Duration.ofMillis(200));
    assertThat(asked).containsExactly(true);
  }

  // ------------------------------------------------------------------ giving away, room

  @Test
  void givingAwayAwaitsWhatIsInFlightAndTellsTheLastPosition() {
    one.owning();
    one.log.holding = true;
    one.append("a", "b");
    List<Long> given = one.givenAway();
    assertThat(one.tenure.ready()).isFalse();
    assertThat(given).isEmpty();
    one.log.arrive();

    assertThat(one.heard).containsExactly("mine a at 5", "mine b at 6");
    assertThat(given).containsExactly(6L);
    assertThat(one.tenure.disowned()).isTrue();
    assertThat(one.whenSure()).containsExactly(false);
    one.tenure.takeOver();
    assertThat(one.tenure.ready()).isTrue();
  }

  @Test
  void whatIsUnknownWhenAShardIsGivenAwayIsSettledFirst() {
    one.owning();
    one.log.holding = true;
    one.append("a");
    List<Long> given = one.givenAway();
    one.log.takeHeld().ackLost();

    assertThat(one.heard).containsExactly("mine a at 5", "settled 9");
    assertThat(given).containsExactly(9L);
  }

  @Test
  void nothingIsGivenAwayByOneThatDoesNotOwn() {
    assertThat(one.givenAway()).containsExactly(Tenure.NOTHING);
    one.owning();
    one.log.holding = true;
    one.append("a");
    List<Long> given = one.givenAway();
    two.owning();
    one.log.arrive();

    assertThat(given).containsExactly(Tenure.NOTHING);
    assertThat(one.givenAway()).containsExactly(Tenure.NOTHING);
  }
}
