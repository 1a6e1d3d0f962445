package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.parley.conversation.ClientEventIds;
import dev.parley.conversation.Request;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.LogRecord;
import dev.parley.router.ManualTime;
import dev.parley.router.Say;
import dev.parley.router.feed.Handover;
import dev.parley.router.feed.Question;
import dev.parley.router.shard.ShardRig.Asked;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.CreateConversation;
import dev.parley.v1.ErrorReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ShardOwnerIT {
  private final ShardRig shard = new ShardRig().start().withGroup();

  private Asked say(String text) {
    return shard.ask("bob", Say.message(text));
  }

  @Test
  void whatWaitsWhileARecordIsInFlightBecomesOneRecord() {
    shard.log.holding = true;
    Asked first = say("1");
    List<Asked> waiting = List.of(say("2"), say("3"), say("4"));
    assertThat(shard.log.held).hasSize(1);

    shard.log.takeHeld().now();
    assertThat(first.seq()).isEqualTo(2);
    assertThat(shard.log.held).hasSize(1);
    shard.log.takeHeld().now();

    assertThat(waiting).extracting(Asked::seq).containsExactly(3L, 4L, 5L);
    assertThat(shard.appended()).extracting(LogRecord::getEventsCount).containsExactly(1, 1, 3);
  }

  @Test
  void recordsOfDifferentConversationsAreInFlightTogetherAndOneOfEach() {
    shard.ask("ann", Say.OTHER, Say.group()).stored();
    shard.log.holding = true;
    Asked here = say("here");
    Asked waits = say("here too");
    Asked there = shard.ask("ann", Say.OTHER, Say.message("there"));
    assertThat(shard.log.held).hasSize(2);

    shard.log.takeHeld().now();
    assertThat(here.seq()).isEqualTo(2);
    assertThat(waits.open()).isTrue();
    assertThat(there.open()).isTrue();
    shard.log.arrive();
    assertThat(there.seq()).isEqualTo(2);
    assertThat(waits.seq()).isEqualTo(3);
  }

  @Test
  void whatDoesNotFitIntoTheWindowWaits() {
    shard.log.holding = true;
    List<Asked> all = new ArrayList<>();
    for (int i = 0; i < ShardRig.WINDOW + 2; i++) {
      all.add(shard.ask("ann", conversation(i), Say.group()));
    }
    assertThat(shard.log.held).hasSize(ShardRig.WINDOW);
    shard.log.takeHeld().now();
    assertThat(shard.log.held).hasSize(ShardRig.WINDOW);

    shard.log.arrive();
    assertThat(all).allSatisfy(asked -> assertThat(asked.seq()).isEqualTo(1));
  }

  @Test
  void whenTheChainBreaksWhatWasSentIsDecidedAnewAndAnsweredOnce() {
    shard.log.holding = true;
    List<Asked> all = new ArrayList<>();
    for (int i = 0; i < ShardRig.WINDOW; i++) {
      all.add(shard.ask("ann", conversation(i), Say.group()));
    }
    Asked more = shard.ask("ann", conversation(3), Say.message("m"));
    shard.log.takeHeld().now();
    shard.log.takeHeld().failed(Kind.UNKNOWN);
    shard.log.arrive();

    assertThat(all).allSatisfy(asked -> assertThat(asked.seq()).isEqualTo(1));
    assertThat(more.seq()).isEqualTo(2);
    assertThat(shard.heard.records).extracting(CommittedRecord::conversationId)
        .containsExactly(
            Say.GROUP, conversation(0), conversation(1), conversation(2), conversation(3));
  }

  private static String conversation(int number) {
    return "01900000-0000-7000-8000-1" + String.format("%011d", number);
  }

  @Test
  void answersComeInTheOrderOfCommandsAndAfterTheFeed() {
    shard.log.holding = true;
    say("first");
    List<String> order = new ArrayList<>();
    List<Integer> fedBefore = new ArrayList<>();
    for (String text : List.of("a", "b")) {
      Request request = Say.request("bob", Say.GROUP, Say.message(text), shard.time.instant());
      shard.owner.submit(request, 10, answer -> {
        order.add(text);
        fedBefore.add(shard.heard.records.size());
      });
    }
    shard.log.takeHeld().now();
    shard.log.takeHeld().now();

    assertThat(order).containsExactly("a", "b");
    assertThat(fedBefore).containsExactly(3, 3);
  }

  @Test
  void aRefusalThatRestsOnABatchIsToldWhenTheBatchIsStored() {
    shard.log.holding = true;
    say("first");
    Asked leaves = shard.ask("bob", Say.leave());
    Asked speaks = say("too late");
    shard.log.takeHeld().now();
    assertThat(leaves.open()).isTrue();
    assertThat(speaks.open()).isTrue();

    shard.log.takeHeld().now();
    assertThat(leaves.seq()).isEqualTo(3);
    assertThat(speaks.refusal()).isEqualTo(ErrorReason.ERROR_REASON_NOT_A_MEMBER);
  }

  @Test
  void aCopyOfWhatWasRefusedIsNotStoredWhenItComesLater() {
    Request once = Say.request("carol", Say.GROUP, Say.message("let me in"), shard.time.instant());
    assertThat(shard.ask(once).refusal()).isEqualTo(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND);
    assertThat(shard.ask("ann", Say.add("carol")).seq()).isEqualTo(2);

    assertThat(shard.ask(once).refusal())
        .as("the copy")
        .isEqualTo(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND);
    assertThat(shard.ask("carol", Say.message("under another id")).seq()).isEqualTo(3);

    shard.time.advance(ShardRig.LIMITS.sendDeadline().multipliedBy(2));
    assertThat(shard.ask(once).seq()).as("when no copy can be on its way any more").isEqualTo(4);
  }

  @Test
  void aCopyThatWaitsBehindTheRefusedOneIsNotStoredEither() {
    shard.log.holding = true;
    Asked under = say("under way");
    Request once = Say.request("carol", Say.GROUP, Say.message("let me in"), shard.time.instant());
    Asked refused = shard.ask(once);
    Asked added = shard.ask("ann", Say.add("carol"));
    Asked copy = shard.ask(once);
    shard.log.takeHeld().now();
    shard.log.takeHeld().now();

    assertThat(under.seq()).isEqualTo(2);
    assertThat(added.seq()).isEqualTo(3);
    assertThat(refused.refusal()).isEqualTo(copy.refusal());
  }

  @Test
  void aRefusalThatNobodyWasToldIsDecidedAnewWithWhatItRestsOn() {
    Request once = Say.request("bob", Say.GROUP, Say.message("still here"), shard.time.instant());
    shard.log.holding = true;
    say("under way");
    Asked removed = shard.ask("ann", Say.remove("bob"));
    Asked refused = shard.ask(once);
    shard.log.takeHeld().now();
    shard.log.takeHeld().failed(Kind.FULL);

    assertThat(removed.refusal()).isEqualTo(refused.refusal());
    shard.log.holding = false;
    assertThat(shard.ask(once).seq()).isEqualTo(3);
  }

  @Test
  void aDeletionBeginsARecordOfItsOwn() {
    Asked target = say("regretted");
    shard.log.holding = true;
    say("in flight");
    say("before");
    Asked deletion = shard.ask("bob", Say.delete(target.seq()));
    shard.log.takeHeld().now();
    shard.log.takeHeld().now();
    shard.log.takeHeld().now();

    assertThat(deletion.seq()).isEqualTo(5);
    assertThat(shard.appended().getLast().getEventsCount()).isEqualTo(1);
    assertThat(shard.storedAt(shard.heard.records.get(1).position()).getEvents(0).toStringUtf8())
        .doesNotContain("regretted");
  }

  @Test
  void aRecordThatWasLostIsDecidedAnewAndAnsweredOnce() {
    shard.log.fates.add(append -> append.failed(Kind.UNKNOWN));
    Asked asked = say("once");

    assertThat(asked.seq()).isEqualTo(2);
    assertThat(asked.stored().repeated()).isFalse();
    assertThat(shard.heard.records).extracting(CommittedRecord::firstSeq).containsExactly(1L, 2L);
  }

  @Test
  void aRecordWhoseAckWasLostIsAnsweredOnceAsStored() {
    shard.log.fates.add(ScriptedLog.Append::ackLost);
    Asked asked = say("once");

    assertThat(asked.seq()).isEqualTo(2);
    assertThat(shard.heard.records).extracting(CommittedRecord::firstSeq).containsExactly(1L, 2L);
    assertThat(say("next").seq()).isEqualTo(3);
  }

  @Test
  void whenAnotherRouterOwnsTheShardWhatHasNoOutcomeIsBouncedInOrder() {
    shard.log.holding = true;
    List<String> order = new ArrayList<>();
    for (String text : List.of("in flight", "waits")) {
      Request request = Say.request("bob", Say.GROUP, Say.message(text), shard.time.instant());
      shard.owner.submit(request, 10, answer -> order.add(text + " " + answer));
    }
    ShardRig other = shard.restarted().start();
    shard.log.arrive();
    Asked late = say("late");

    assertThat(order)
        .containsExactly("in flight Bounced[mayBeStored=true]", "waits Bounced[mayBeStored=false]");
    assertThat(late.bounced()).isTrue();
    assertThat(shard.deposedBy).containsExactly("router");
    assertThat(other.ask("bob", Say.message("there")).seq()).isEqualTo(2);
  }

  @Test
  void oneThatTakesTheShardBackKnowsWhatTheOtherDid() {
    ShardRig other = shard.restarted().start();
    assertThat(other.ask("ann", Say.remove("bob")).seq()).isEqualTo(2);
    assertThat(say("unaware").bounced()).isTrue();
    shard.owner.takeOver();

    assertThat(say("too late").refusal()).isEqualTo(ErrorReason.ERROR_REASON_NOT_A_MEMBER);
    assertThat(shard.heard.records.getLast().firstSeq()).isEqualTo(2);
    assertThat(shard.ask("ann", Say.message("on")).seq()).isEqualTo(3);
  }

  @Test
  void aBouncedCommandThatWasStoredHasItsFirstOutcomeAtTheNextOwner() {
    shard.log.holding = true;
    Asked asked = say("once");
    shard.log.takeHeld().ackLost();
    ShardRig other = shard.restarted().start();

    assertThat(other.ask(asked.request).stored().repeated()).isTrue();
    assertThat(other.ask(asked.request).seq()).isEqualTo(2);
  }

  @Test
  void anIdleOwnerRefusesAndRepeatsOnlyWhenTheLogSaysThatItIsOne() {
    Asked first = say("once");
    shard.time.advance(Duration.ofMillis(500));
    shard.log.holdingFillers = true;
    Asked refused = shard.ask("eve", Say.message("stranger"));
    Asked repeated = shard.ask(first.request);
    assertThat(refused.open()).isTrue();
    assertThat(repeated.open()).isTrue();
    assertThat(shard.log.held).hasSize(1);
    shard.log.arrive();

    assertThat(refused.refusal()).isEqualTo(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND);
    assertThat(repeated.stored().repeated()).isTrue();
  }

  @Test
  void anIdleOwnerThatWasDeposedUnnoticedRefusesNothing() {
    ShardRig other = shard.restarted().start();
    other.ask("ann", Say.add("eve")).stored();
    shard.time.advance(Duration.ofMillis(500));

    assertThat(shard.ask("eve", Say.message("a member now")).bounced()).isTrue();
  }

  @Test
  void whoFollowsOrAsksIsAnsweredByAnOwnerThatIsSureOnly() {
    FollowAnswer sure = shard.follows.follow(Say.GROUP, "bob", null, false, 0).join();
    assertThat(sure).isInstanceOf(FollowAnswer.Following.class);
    assertThat(shard.history.from(Say.GROUP, 2).join()).isEmpty();
    shard.restarted().start();
    shard.time.advance(Duration.ofMillis(500));

    assertThat(shard.follows.follow(Say.GROUP, "bob", null, false, 0)).isCompletedExceptionally();
    assertThat(shard.follows.describe(Say.GROUP, "bob")).isCompletedExceptionally();
    assertThat(shard.follows.members(new Question.ListMembers(Say.GROUP, "bob", "", 10, List.of()))).isCompletedExceptionally();
  }

  @Test
  void aShardIsGivenAwayWhenWhatIsInFlightHasItsOutcomeAndTheRestIsBounced() {
    shard.log.holding = true;
    Asked inFlight = say("in flight");
    Asked waiting = say("waiting");
    List<@Nullable Handover> given = new ArrayList<>();
    shard.owner.giveAway(given::add);
    Asked late = say("late");
    assertThat(waiting.open()).isTrue();
    shard.log.arrive();

    assertThat(inFlight.seq()).isEqualTo(2);
    assertThat(waiting.bounced()).isTrue();
    assertThat(late.bounced()).isTrue();
    Handover handover = Objects.requireNonNull(given.getFirst());
    assertThat(handover.position()).isEqualTo(shard.heard.records.getLast().position());
    assertThat(shard.appended()).hasSize(2);
    ShardRig other = shard.restarted();
    other.owner.adopt(handover);
    other.start();
    assertThat(other.ask(inFlight.request).stored().repeated()).isTrue();
    assertThat(other.ask(waiting.request).seq()).isEqualTo(3);
    assertThat(other.log.lasts).as("conversations that were loaded").isZero();
  }

  @Test
  void whatIsHandedOverIsBroughtUpToWhatOthersStoredMeanwhile() {
    Handover handover = handover();
    ShardRig between = shard.restarted().start();
    between.ask("bob", Say.message("in between")).stored();
    ShardRig next = shard.restarted();
    next.owner.adopt(handover);
    next.start();

    assertThat(next.ask("ann", Say.message("after it")).seq()).isEqualTo(3);
    assertThat(next.log.lasts).as("conversations that were loaded").isZero();
  }

  @Test
  void whatIsHandedOverCountsOnlyIfTheLogHoldsItsLastRecord() {
    Handover handover = handover();
    ShardRig next = shard.restarted();
    next.owner.adopt(
        new Handover(handover.position(), ByteString.copyFromUtf8("another record"), handover.conversations()));
    next.start();

    assertThat(next.ask("ann", Say.message("after it")).seq()).isEqualTo(2);
    assertThat(next.log.lasts).as("conversations that were loaded").isEqualTo(1);
  }

  private Handover handover() {
    List<@Nullable Handover> given = new ArrayList<>();
    shard.owner.giveAway(given::add);
    return Objects.requireNonNull(given.getFirst());
  }

  @Test
  void whatIsInMemoryIsReadAgainWhenTheLogIsNotWhatItWas() {
    ShardRig other = shard.restarted().start();
    other.ask("ann", Say.message("trimmed")).stored();
    long trimmed = other.heard.records.getLast().position();
    say("unaware").bounced();
    shard.broker.shard(0).trim(trimmed + 1);
    shard.owner.takeOver();

    assertThat(shard.ask("cid", Say.OTHER, Say.group()).seq()).isEqualTo(1);
    assertThat(shard.tail.after(Say.GROUP, 0)).isEmpty();
  }

  @Test
  void anAlmostFullShardTakesOnlyWhatMakesRoom() {
    ShardRig full = new ShardRig(new MemoryBroker(new Layout(1, 2, 1), 40_000, new ManualTime())).start().withGroup();
    Asked target = full.ask("bob", Say.message("x".repeat(35_000)));
    assertThat(full.ask("bob", Say.message("more")).seq()).isEqualTo(target.seq() + 1);
    List<Asked> more = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      more.add(full.ask("bob", Say.message("more")));
    }
    assertThat(more.getLast().refusal()).isEqualTo(ErrorReason.ERROR_REASON_LOG_FULL);
    assertThat(full.ask("ann", Say.OTHER, Say.group()).refusal()).isEqualTo(ErrorReason.ERROR_REASON_LOG_FULL);
    full.ask("bob", Say.delete(target.seq())).stored();
    full.ask("ann", Say.remove("bob")).stored();
    full.ask("ann", Say.leave()).stored();

    full.owner.tick();
    assertThat(full.ask("ann", Say.OTHER, Say.group()).seq()).isEqualTo(1);
  }

  @Test
  void whatIsInFlightTakesItsRoomBeforeItIsStored() {
    ShardRig full = new ShardRig(new MemoryBroker(new Layout(1, 2, 1), 40_000, new ManualTime())).start().withGroup();
    full.ask("ann", Say.OTHER, Say.group()).stored();
    full.log.holding = true;
    Asked first = full.ask("bob", Say.message("x".repeat(20_000)));
    Asked second = full.ask("ann", Say.OTHER, Say.message("x".repeat(20_000)));

    assertThat(second.refusal()).isEqualTo(ErrorReason.ERROR_REASON_LOG_FULL);
    full.log.arrive();
    assertThat(first.seq()).isEqualTo(2);
    assertThat(full.ask("ann", Say.OTHER, Say.message("small")).seq()).isEqualTo(2);
  }

  @Test
  void aFullLogAndALostConnectionAreToldAtOnce() {
    shard.log.fates.add(append -> append.failed(Kind.FULL));
    assertThat(say("no room").refusal()).isEqualTo(ErrorReason.ERROR_REASON_LOG_FULL);
    shard.log.fates.add(append -> append.failed(Kind.NOT_SENT));
    assertThat(say("no way").refusal()).isEqualTo(ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE);

    shard.connected = false;
    assertThat(say("no broker").refusal()).isEqualTo(ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE);
    shard.connected = true;
    assertThat(say("again").seq()).isEqualTo(2);
  }

  @Test
  void atTheDeadlineWhatIsInFlightIsUnknownAndWhatWaitsIsNotStored() {
    shard.log.holding = true;
    Asked inFlight = say("in flight");
    Asked waiting = say("waiting");
    shard.time.advance(ShardRig.LIMITS.sendDeadline().minusMillis(1));
    shard.owner.tick();
    assertThat(inFlight.open()).isTrue();
    shard.time.advance(Duration.ofMillis(1));
    shard.owner.tick();

    assertThat(inFlight.refusal()).isEqualTo(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN);
    assertThat(waiting.refusal()).isEqualTo(ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE);
    shard.log.holding = false;
    shard.log.takeHeld().now();
    assertThat(shard.heard.records).extracting(CommittedRecord::lastSeq).containsExactly(1L, 2L);
    assertThat(shard.ask(inFlight.request).seq()).isEqualTo(2);
    assertThat(shard.ask(waiting.request).seq()).isEqualTo(3);
  }

  @Test
  void commandsAboveTheLimitAreRefusedUntilSomeHaveTheirOutcome() {
    ShardRig small = new ShardRig(limits(2, 1_000)).start().withGroup();
    small.log.holding = true;
    small.ask("bob", Say.message("1"));
    small.ask("bob", Say.message("2"));
    assertThat(small.ask("bob", Say.message("3")).refusal()).isEqualTo(ErrorReason.ERROR_REASON_OVERLOADED);
    small.log.holding = false;
    small.log.takeHeld().now();
    assertThat(small.ask("bob", Say.message("4")).seq()).isEqualTo(4);

    ShardRig narrow = new ShardRig(limits(100, 300)).start().withGroup();
    assertThat(narrow.ask("bob", Say.message("x".repeat(400))).refusal())
        .isEqualTo(ErrorReason.ERROR_REASON_OVERLOADED);
  }

  private static OwnerLimits limits(int waitingCommands, long waitingBytes) {
    OwnerLimits usual = ShardRig.LIMITS;
    return new OwnerLimits(
        waitingCommands, waitingBytes, 10, usual.searchesPerMinute(), usual.loadedConversations(), usual.tailBytes(),
        usual.concurrentReads(), usual.readEvents(), usual.readBytes(), usual.recordBytes(), usual.sendDeadline(),
        usual.markInterval(), usual.tick(), usual.saveProgress(), usual.giveAwayPatience(), usual.unreachable(),
        usual.idleCheck());
  }

  @Test
  void aConversationTakesSoManyCommandsASecond() {
    ShardRig slow = new ShardRig(limits(100, 10_000)).start().withGroup();
    for (int i = 0; i < 9; i++) {
      slow.ask("bob", Say.message("m")).stored();
    }
    assertThat(slow.ask("bob", Say.message("m")).refusal()).isEqualTo(ErrorReason.ERROR_REASON_RATE_LIMITED);
    assertThat(slow.ask("ann", Say.OTHER, Say.group()).seq()).isEqualTo(1);
    slow.time.advance(Duration.ofMillis(100));
    assertThat(slow.ask("bob", Say.message("m")).seq()).isEqualTo(11);
  }

  @Test
  void aDrainingOwnerEndsWhatItHasAndTakesNothingNew() {
    shard.log.holding = true;
    Asked before = say("before");
    shard.owner.drain();

    assertThat(say("after").refusal()).isEqualTo(ErrorReason.ERROR_REASON_DRAINING);
    assertThat(shard.owner.quiet()).isFalse();
    shard.log.takeHeld().now();
    assertThat(before.seq()).isEqualTo(2);
    assertThat(shard.owner.quiet()).isTrue();
  }

  @Test
  void closingAnswersEverythingThatIsOpen() {
    // A command in the middle has its answer already.
    ShardRig second = new ShardRig(limits(100, 10_000)).start().withGroup();
    second.ask("eve", Say.OTHER, Say.message("0")).refusal();
    second.log.holding = true;
    Asked inFlight = second.ask("bob", Say.message("1"));
    Asked stranger = second.ask("eve", Say.OTHER, Say.message("2"));
    Asked waiting = second.ask("bob", Say.message("3"));
    second.log.takeHeld().failed(Kind.FULL);
    Asked last = second.ask("bob", Say.message("4"));
    second.owner.close();

    assertThat(inFlight.refusal()).isEqualTo(ErrorReason.ERROR_REASON_LOG_FULL);
    assertThat(stranger.refusal()).isEqualTo(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND);
    assertThat(waiting.refusal()).isEqualTo(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN);
    assertThat(last.refusal()).isEqualTo(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN);
    assertThat(second.owner.quiet()).isFalse();
  }

  @Test
  void anEditOfAnOldMessageReadsItsTargetFromTheLog() {
    Asked target = say("old");
    ShardRig cold = shard.restarted().start();

    assertThat(cold.ask("bob", Say.edit(target.seq(), "new")).seq()).isEqualTo(3);
    assertThat(cold.ask("ann", Say.edit(target.seq(), "not hers")).refusal())
        .isEqualTo(ErrorReason.ERROR_REASON_EVENT_NOT_EDITABLE);
    assertThat(cold.ask("bob", Say.edit(1, "not a message")).refusal())
        .isEqualTo(ErrorReason.ERROR_REASON_EVENT_NOT_EDITABLE);
    assertThat(cold.ask("bob", Say.edit(99, "nothing")).refusal())
        .isEqualTo(ErrorReason.ERROR_REASON_EVENT_NOT_FOUND);
  }

  @Test
  void theSameIdGivesTheSameSeqAtOnceAndAfterARestart() {
    Asked first = say("once");
    say("more");

    for (ShardRig rig : List.of(shard, shard.restarted().start())) {
      Asked again = rig.ask(first.request);
      assertThat(again.stored().repeated()).isTrue();
      assertThat(again.stored().cursor()).isEqualTo(first.stored().cursor());
      assertThat(rig.ask(sameIdOtherBody(first)).refusal())
          .isEqualTo(ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT);
    }
  }

  @Test
  void anIdThatIsNoLongerInMemoryIsFoundInTheLog() {
    Asked first = say("once");
    shard.time.advance(Duration.ofMinutes(5));
    for (int i = 0; i < 2_000; i++) {
      shard.time.advance(Duration.ofMillis(500));
      say("more");
    }

    assertThat(shard.ask(first.request).stored().cursor()).isEqualTo(first.stored().cursor());
    assertThat(shard.ask(sameIdOtherBody(first)).refusal())
        .isEqualTo(ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT);
  }

  private static Request sameIdOtherBody(Asked first) {
    return Request.of(
        first.request.userId(),
        Say.message("another").setConversationId(Say.GROUP)
            .setClientEventId(first.request.command().getClientEventId()).build());
  }

  @Test
  void theSameIdTwiceInOneRecordIsOneEvent() {
    shard.log.holding = true;
    say("in flight");
    Asked first = say("once");
    Asked again = shard.ask(first.request);
    shard.log.takeHeld().now();
    shard.log.takeHeld().now();

    assertThat(first.seq()).isEqualTo(3);
    assertThat(again.seq()).isEqualTo(3);
    assertThat(again.stored().repeated()).isTrue();
  }

  @Test
  void usersWhoBlockEachOtherDoNotTalkDirectly() {
    Asked created = shard.ask(Request.of("ann", directTo("bob")));
    String id = created.request.conversationId();
    shard.blocked.add("ann");
    assertThat(shard.ask("bob", id, Say.message("hi")).refusal()).isEqualTo(ErrorReason.ERROR_REASON_USER_BLOCKED);
    shard.blocked.clear();
    assertThat(shard.ask("bob", id, Say.message("hi")).seq()).isEqualTo(2);
  }

  private Command directTo(String peer) {
    return Command.newBuilder()
        .setClientEventId(ClientEventIds.create(shard.time.instant()))
        .setCreate(
            CreateConversation.newBuilder()
                .setKind(ConversationKind.CONVERSATION_KIND_DIRECT)
                .addMemberIds(peer))
        .build();
  }
}
