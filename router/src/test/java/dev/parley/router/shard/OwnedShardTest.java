package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.resilience.BreakerSettings;
import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.resilience.Hops;
import dev.parley.conversation.history.ReadRetry;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.router.ManualTime;
import dev.parley.router.Say;
import dev.parley.router.feed.Question;
import dev.parley.router.feed.Reply;
import dev.parley.router.feed.ToOwner;
import dev.parley.v1.ErrorReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An owned shard whose broker is said to be silent. */
class OwnedShardTest {
  private static final LogException SILENT = new LogException(LogException.Kind.UNKNOWN, "no answer");

  private final ManualTime time = new ManualTime();
  private final MemoryBroker broker = new MemoryBroker(new Layout(1, ShardRig.WINDOW, 1));
  private final Hop nats =
      Hops.unmetered(time, new Random(7))
          .reported("router-nats", new BreakerSettings(50, 4, 2, Duration.ofMillis(500), 1));
  private final List<Reply> replies = new ArrayList<>();
  private boolean connected = true;
  private OwnedShard shard;

  @BeforeEach
  void own() {
    own(new ReportedLog(broker.shard(0), nats));
  }

  private void own(ShardLog log) {
    ShardContext context =
        new ShardContext(
            0, "router", 7, ShardRig.WINDOW, log, ShardRig.LIMITS, time, time::nanos,
            time, new Random(7), (one, other) -> false, () -> connected, ShardMetrics.NONE);
    shard =
        new OwnedShard(
            context, broker, nats, new ReadRetry(20, Duration.ZERO), Runnable::run, (router, message) -> true, () -> {});
    shard.takeOver();
  }

  private void submit(boolean again) {
    Question submit = new Question.Submit(Say.request("ann", Say.GROUP, Say.group("bob"), time.instant()));
    shard.answer(new ToOwner.Ask(1, replies.size() + 1, submit, 100, again), 0, replies::add);
  }

  private Answer ask(boolean again) {
    submit(again);
    assertThat(replies.getLast()).isInstanceOf(Reply.OfCommand.class);
    return ((Reply.OfCommand) replies.getLast()).answer();
  }

  private void silence() {
    nats.failed(SILENT);
    nats.failed(SILENT);
  }

  @Test
  void whileTheBrokerIsSilentANewCommandIsRefusedWithATimeToWait() {
    silence();

    assertThat(ask(false))
        .isInstanceOfSatisfying(
            Answer.Refused.class,
            refused -> {
              assertThat(refused.refusal().reason()).isEqualTo(ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE);
              assertThat(refused.refusal().retryAfter()).isPositive();
            });
  }

  @Test
  void oneThatWasAskedBeforeIsNotRefusedForItMayBeStored() {
    silence();

    assertThat(ask(true)).isInstanceOf(Answer.Stored.class);
  }

  /** The stream of a shard whose disk is full. */
  @Test
  void whileTheBrokerTakesNothingForThisShardAloneANewCommandIsRefusedAtOnce() {
    ScriptedLog log = new ScriptedLog(broker.shard(0));
    own(new ReportedLog(log, nats));
    log.failing = LogException.Kind.UNKNOWN;
    submit(false);
    for (int i = 0; i < 240; i++) {
      time.advance(Duration.ofMillis(250));
      assertThat(nats.allowed()).as("other shards of this router go on").isTrue();
    }

    assertThat(refusal()).isEqualTo(ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE);

    log.failing = null;
    time.advance(Duration.ofSeconds(1));
    assertThat(ask(false)).isInstanceOf(Answer.Stored.class);
  }

  private ErrorReason refusal() {
    return ((Answer.Refused) ask(false)).refusal().reason();
  }

  @Test
  void aLogWithoutRoomForANewTermIsFullAndNotSilent() {
    own(new ReportedLog(new MemoryBroker(new Layout(1, ShardRig.WINDOW, 1), 100, time).shard(0), nats));
    time.advance(Duration.ofSeconds(60));

    assertThat(refusal()).isEqualTo(ErrorReason.ERROR_REASON_LOG_FULL);
  }

  @Test
  void aBrokerWithoutRoomIsFullThoughThisLogHasSome() {
    ScriptedLog log = new ScriptedLog(broker.shard(0));
    log.failing = LogException.Kind.FULL;
    own(new ReportedLog(log, nats));
    time.advance(Duration.ofSeconds(60));

    assertThat(refusal()).isEqualTo(ErrorReason.ERROR_REASON_LOG_FULL);
  }

  @Test
  void whatOnlyANewerReleaseAsksIsRefusedAtOnceUntilTheUpgradeIsComplete() {
    assertThat(unknown(false)).isEqualTo(ErrorReason.ERROR_REASON_OVERLOADED);
    assertThat(unknown(true)).as("another owner may have done it").isEqualTo(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN);
  }

  private ErrorReason unknown(boolean again) {
    shard.answer(new ToOwner.Ask(1, replies.size() + 1, new Question.Unknown(), 100, again), 0, replies::add);
    return ((Reply.Refused) replies.getLast()).refusal().reason();
  }

  @Test
  void whenItsTimeIsOverOneIsLetThroughAndItsRecordClosesIt() {
    silence();
    time.advance(Duration.ofMillis(751));

    assertThat(ask(false)).isInstanceOf(Answer.Stored.class);
    assertThat(nats.state()).isEqualTo(Hop.State.CLOSED);
  }

  @Test
  void withoutAConnectionItOpensThoughNobodyAppends() {
    connected = false;
    time.advance(Duration.ofSeconds(1));

    assertThat(nats.state()).isEqualTo(Hop.State.OPEN);
  }
}
