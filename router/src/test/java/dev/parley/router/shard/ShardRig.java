package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Request;
import dev.parley.conversation.history.HistoryReader;
import dev.parley.conversation.history.ReadRetry;
import dev.parley.conversation.history.StateLoader;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.MarkLog;
import dev.parley.conversation.log.Wakes;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.LogRecord;
import dev.parley.router.ManualTime;
import dev.parley.router.feed.HistoryIndex;
import dev.parley.router.Say;
import dev.parley.v1.Command;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Receipt;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A shard's parts over a log in memory, on the test's thread; everything happens before a call returns. */
final class ShardRig {
  static final OwnerLimits LIMITS =
      new OwnerLimits(
          10_000, 16 << 20, 100_000, 60, 2_000, 1 << 20, 8, 256, 256 << 10, 256 << 10,
          Duration.ofSeconds(10), Duration.ofMillis(500), Duration.ofMillis(250), Duration.ofSeconds(5),
          Duration.ofMillis(500), Duration.ofSeconds(5), Duration.ofMillis(500));

  /** How many records of the shard may be in flight. */
  static final int WINDOW = 4;

  private static int incarnations = 7;

  final ManualTime time;
  final Broker broker;
  final ScriptedLog log;
  final Heard heard = new Heard();
  final Set<String> blocked = new HashSet<>();
  final ShardTail tail;
  final ConversationLists lists;
  final Conversations conversations;
  final Projector projector;
  final Marks marks;
  final Follows follows;
  final HistoryService history;
  final ShardOwner owner;
  /** The routers that took the shard from this one. */
  final List<String> deposedBy = new ArrayList<>();
  boolean connected = true;

  /** What the feed carried, in order. */
  static final class Heard implements Feed {
    final List<CommittedRecord> records = new ArrayList<>();
    final List<Receipt> receipts = new ArrayList<>();
    final List<@Nullable String> receiptsOnlyFor = new ArrayList<>();
    final List<String> typings = new ArrayList<>();
    final List<String> added = new ArrayList<>();

    private final Set<String> followed = new HashSet<>();

    @Override
    public void committed(CommittedRecord record) {
      records.add(record);
    }

    @Override
    public void receipt(Receipt receipt, @Nullable String onlyFor) {
      receipts.add(receipt);
      receiptsOnlyFor.add(onlyFor);
    }

    @Override
    public void typing(String conversationId, String userId) {
      typings.add(userId);
    }

    @Override
    public void follow(String conversationId, int bit) {
      followed.add(conversationId);
    }

    @Override
    public boolean isFollowed(String conversationId) {
      return followed.contains(conversationId);
    }
  }

  /** The users to whom notices went. */
  private final class Noticed implements Wakes {
    @Override
    public void wake(String userId, byte[] notice) {
      heard.added.add(userId);
    }

    @Override
    public Subscription listen(String userId, Consumer<byte[]> listener) {
      throw new UnsupportedOperationException("no session listens here");
    }
  }

  /** A command and its answers. */
  static final class Asked {
    final Request request;
    final List<Answer> answers = new ArrayList<>();

    Asked(Request request) {
      this.request = request;
    }

    boolean open() {
      return answers.isEmpty();
    }

    Answer.Stored stored() {
      assertThat(answers).singleElement().isInstanceOf(Answer.Stored.class);
      return (Answer.Stored) answers.getFirst();
    }

    long seq() {
      return stored().cursor().getSeq();
    }

    boolean bounced() {
      assertThat(answers).hasSize(1);
      return answers.getFirst() instanceof Answer.Bounced;
    }

    ErrorReason refusal() {
      assertThat(answers).singleElement().isInstanceOf(Answer.Refused.class);
      return ((Answer.Refused) answers.getFirst()).refusal().reason();
    }
  }

  ShardRig() {
    this(new MemoryBroker(new Layout(1, WINDOW, 1)), new ManualTime(), LIMITS);
  }

  ShardRig(OwnerLimits limits) {
    this(new MemoryBroker(new Layout(1, WINDOW, 1)), new ManualTime(), limits);
  }

  ShardRig(Broker broker) {
    this(broker, new ManualTime(), LIMITS);
  }

  private ShardRig(Broker broker, ManualTime time, OwnerLimits limits) {
    this(broker, time, limits, broker.marks());
  }

  ShardRig(Broker broker, ManualTime time, OwnerLimits limits, MarkLog markLog) {
    this(broker, time, limits, markLog, new Random(7), time, null);
  }

  /** A shard with a clock of its own that feeds {@code feed} instead of {@link #heard}. */
  ShardRig(
      Broker broker,
      ManualTime time,
      OwnerLimits limits,
      MarkLog markLog,
      Random random,
      InstantSource clock,
      @Nullable Feed other) {
    Feed feed = other == null ? heard : other;
    this.broker = broker;
    this.time = time;
    log = new ScriptedLog(broker.shard(0));
    ShardContext context =
        new ShardContext(
            0, "router", random.nextLong(), broker.layout().window(), log, limits, clock, time::nanos, time, random,
            (one, two) -> blocked.contains(one) || blocked.contains(two), () -> connected, ShardMetrics.NONE);
    ReadRetry once = new ReadRetry(20, Duration.ZERO);
    HistoryReader reader = new HistoryReader(log, once);
    tail = new ShardTail(limits.tailBytes());
    StateLoader loader = new StateLoader(log, broker.table(TableName.SNAPSHOTS), once);
    conversations = new Conversations(context, loader, reader, tail);
    lists = new ConversationLists(0, broker.table(TableName.CONVERSATION_LISTS));
    projector = new Projector(context, lists, conversations, reader, broker.table(TableName.PROGRESS), new Noticed());
    owner =
        new ShardOwner(
            context, conversations, tail, feed, new Projected(), (term, by) -> deposedBy.add(String.valueOf(by)));
    marks = new Marks(context, markLog, conversations, tail, feed);
    follows = new Follows(conversations, reader, marks, feed, owner);
    history = new HistoryService(limits, this::index, reader, tail);
  }

  private CompletableFuture<HistoryIndex> index(String conversationId) {
    return conversations
        .loaded(conversationId)
        .thenCompose(entry -> owner.sure().thenApply(proven -> Objects.requireNonNull(entry.state)))
        .thenApply(state -> new HistoryIndex(state.headSeq(), state.pages(), state.deletedSeqs()));
  }

  private final class Projected implements ShardOwner.CommitListener {
    @Override
    public void settled(long ownerPosition) {
      projector.settled(ownerPosition);
    }

    @Override
    public void committed(CommittedRecord record) {
      projector.committed(record);
    }

    @Override
    public void lostSight() {}
  }

  /** Takes the shard over. */
  ShardRig start() {
    marks.start();
    owner.takeOver();
    return this;
  }

  /** Another owner over the same broker, with nothing in memory; not started. */
  ShardRig restarted() {
    return new ShardRig(broker, time, LIMITS, broker.marks(), new Random(++incarnations), time, null);
  }

  Asked ask(Request request) {
    Asked asked = new Asked(request);
    owner.submit(request, request.command().getSerializedSize(), asked.answers::add);
    return asked;
  }

  Asked ask(String user, String conversation, Command.Builder what) {
    return ask(Say.request(user, conversation, what, time.instant()));
  }

  Asked ask(String user, Command.Builder what) {
    return ask(user, Say.GROUP, what);
  }

  /** A group that ann owns, with bob. */
  ShardRig withGroup() {
    ask("ann", Say.group("bob")).stored();
    return this;
  }

  /** The conversation's records that were sent to the log, whatever became of them. */
  List<LogRecord> appended() {
    return log.appended.stream().map(bytes -> Tenure.parse(new dev.parley.conversation.log.ShardLog.StoredRecord(1, bytes))).toList();
  }

  LogRecord storedAt(long position) {
    return Tenure.parse(Objects.requireNonNull(broker.shard(0).read(new long[] {position}).join().getFirst()));
  }
}
