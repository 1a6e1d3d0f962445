package dev.parley.conversation.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every adapter of the port keeps. */
public abstract class BrokerContract {
  protected static final Layout LAYOUT = new Layout(2, 64, 1);
  protected static final long MAX_BYTES_PER_SHARD = 3 * 1024 * 1024;

  protected Broker broker;
  protected ShardLog log;

  /** An empty broker with {@link #LAYOUT} and {@link #MAX_BYTES_PER_SHARD}. */
  protected abstract Broker create() throws Exception;

  /** Awaits what the adapter may do after it has answered. */
  protected abstract void eventually(Runnable assertion);

  /** Lets this time pass, where it does not by itself. */
  protected abstract void pass(Duration time) throws Exception;

  @BeforeEach
  void open() throws Exception {
    broker = create();
    log = broker.shard(0);
  }

  @AfterEach
  void close() {
    broker.close();
  }

  @Test
  void anEmptyLogHasNoTailAndNoRecords() throws Exception {
    ShardLog.Tail tail = get(log.tail());
    assertThat(tail.first()).isEqualTo(1);
    assertThat(tail.position()).isZero();
    assertThat(tail.owner()).isNull();
    assertThat(tail.filler()).isNull();
    assertThat(tail.bytes()).isZero();
    assertThat(tail.maxBytes()).isPositive();
    assertThat(get(log.last("c1"))).isNull();
    assertThat(get(log.read(new long[] {1}))).containsExactly((StoredRecord) null);
  }

  @Test
  void recordsLieAtPositionsOneTwoThree() throws Exception {
    assertThat(get(log.append("c1", bytes("a"), 0))).isEqualTo(1);
    assertThat(get(log.append("c2", bytes("b"), 1))).isEqualTo(2);
    assertThat(get(log.append("c1", bytes("c"), 2))).isEqualTo(3);
    assertThat(texts(get(log.read(new long[] {3, 1, 2})))).containsExactly("3:c", "1:a", "2:b");
  }

  @Test
  void anAppendBehindAnotherPositionConflictsAndWritesNothing() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    assertThat(failure(log.append("c1", bytes("too low"), 0))).isEqualTo(Kind.CONFLICT);
    assertThat(failure(log.append("c1", bytes("too high"), 2))).isEqualTo(Kind.CONFLICT);
    assertThat(get(log.tail()).position()).isEqualTo(1);
    assertThat(get(log.append("c1", bytes("b"), 1))).isEqualTo(2);
  }

  @Test
  void pipelinedAppendsKeepTheirOrder() throws Exception {
    List<CompletableFuture<Long>> appends = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      appends.add(log.append("c" + i % 7, bytes("r" + i), i));
    }
    for (int i = 0; i < appends.size(); i++) {
      assertThat(get(appends.get(i))).isEqualTo(i + 1L);
    }
    List<String> read = texts(get(log.read(LongStream.rangeClosed(1, 200).toArray())));
    assertThat(read).hasSize(200).startsWith("1:r0").endsWith("200:r199");
  }

  @Test
  void aConflictInAPipelineStopsAllThatRelyOnIt() throws Exception {
    var first = log.append("c", bytes("a"), 5);
    var second = log.append("c", bytes("b"), 6);
    assertThat(failure(first)).isEqualTo(Kind.CONFLICT);
    assertThat(failure(second)).isEqualTo(Kind.CONFLICT);
    assertThat(get(log.tail()).position()).isZero();
  }

  @Test
  void shardsHavePositionsOfTheirOwn() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    assertThat(get(broker.shard(1).append("c2", bytes("b"), 0))).isEqualTo(1);
    assertThat(get(broker.shard(1).last("c1"))).isNull();
  }

  @Test
  void theTailTellsTheNewestOwnerAndTheNewestFiller() throws Exception {
    get(log.append(ShardLog.OWNER_KEY, bytes("owner 1"), 0));
    get(log.append(ShardLog.FILLER_KEY, bytes("filler 1"), 1));
    get(log.append(ShardLog.OWNER_KEY, bytes("owner 2"), 2));
    get(log.append(ShardLog.FILLER_KEY, bytes("filler 2"), 3));
    get(log.append("c1", bytes("a"), 4));
    ShardLog.Tail tail = get(log.tail());
    assertThat(tail.position()).isEqualTo(5);
    assertThat(text(tail.owner())).isEqualTo("3:owner 2");
    assertThat(text(tail.filler())).isEqualTo("4:filler 2");
    assertThat(tail.bytes()).isPositive();
  }

  @Test
  void theNewestRecordOfAKeyUpToAPositionIsFound() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    get(log.append("c2", bytes("b"), 1));
    get(log.append("c1", bytes("c"), 2));
    get(log.append("c2", bytes("d"), 3));

    assertThat(position(log.lastUpTo("c2", 1))).isZero();
    assertThat(position(log.lastUpTo("c2", 2))).isEqualTo(2);
    assertThat(position(log.lastUpTo("c2", 3))).isEqualTo(2);
    assertThat(position(log.lastUpTo("c1", 2))).isEqualTo(1);
    assertThat(position(log.lastUpTo("c1", 4))).isEqualTo(3);
    assertThat(position(log.lastUpTo("c3", 4))).isZero();
    get(log.trim(3));
    assertThat(position(log.lastUpTo("c2", 3))).isZero();
    assertThat(position(log.lastUpTo("c1", 3))).isEqualTo(3);
  }

  private static long position(CompletableFuture<@Nullable StoredRecord> found) throws Exception {
    StoredRecord record = get(found);
    return record == null ? 0 : record.position();
  }

  @Test
  void aTrimmedLogHasNoRecordsBeforeTheFirstOneKept() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    get(log.append("c2", bytes("b"), 1));
    get(log.append("c1", bytes("c"), 2));
    get(log.trim(3));
    get(log.trim(3));
    assertThat(texts(get(log.read(new long[] {1, 2, 3})))).containsExactly("none", "none", "3:c");
    assertThat(get(log.last("c2"))).isNull();
    assertThat(get(log.tail()).first()).isEqualTo(3);
    assertThat(get(log.append("c2", bytes("d"), 3))).isEqualTo(4);
    get(log.trim(5));
    assertThat(get(log.tail()).first()).isEqualTo(5);
    assertThat(get(log.tail()).position()).isEqualTo(4);
    assertThat(get(log.append("c2", bytes("e"), 4))).isEqualTo(5);
  }

  @Test
  void theLastRecordIsFoundByItsKey() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    get(log.append("c2", bytes("b"), 1));
    get(log.append("c1", bytes("c"), 2));
    assertThat(text(get(log.last("c1")))).isEqualTo("3:c");
    assertThat(text(get(log.last("c2")))).isEqualTo("2:b");
  }

  @Test
  void keysOfAnyCharactersAreKeptApart() throws Exception {
    List<String> keys = List.of(
        ">", "*", ".", "a.b", "a.>", "..", " ", "a b", "\t\r\n", "=", "=41", "A", "größe", "会話", "🙂", "\u0000",
        "x".repeat(128), "🙂".repeat(32));
    Table table = broker.table(TableName.BLOCKS);
    for (int i = 0; i < keys.size(); i++) {
      get(log.append(keys.get(i), bytes("record " + i), i));
      get(table.put(keys.get(i), bytes("value"), 0));
    }
    for (int i = 0; i < keys.size(); i++) {
      assertThat(text(get(log.last(keys.get(i))))).isEqualTo((i + 1) + ":record " + i);
      assertThat(get(table.get(keys.get(i)))).isNotNull();
    }
    Map<String, Table.Entry> told = new ConcurrentHashMap<>();
    get(table.watch(told::put));
    assertThat(told.keySet()).containsExactlyInAnyOrderElementsOf(keys);
  }

  @Test
  void anEmptyKeyIsRefused() {
    assertThat(failure(log.append("", bytes("a"), 0))).isEqualTo(Kind.REFUSED);
  }

  @Test
  void theLargestRecordComesBackWhole() throws Exception {
    byte[] record = new byte[ShardLog.MAX_RECORD_BYTES];
    for (int i = 0; i < record.length; i++) {
      record[i] = (byte) (i * 31);
    }
    get(log.append("c1", record, 0));
    assertThat(present(get(log.last("c1"))).bytes()).isEqualTo(record);
    assertThat(present(get(log.read(new long[] {1})).getFirst()).bytes()).isEqualTo(record);
  }

  @Test
  void aLargerRecordIsRefused() throws Exception {
    assertThat(failure(log.append("c1", new byte[ShardLog.MAX_RECORD_BYTES + 1], 0))).isEqualTo(Kind.REFUSED);
    assertThat(get(log.tail()).position()).isZero();
  }

  @Test
  void moreReadsThanAllowedAreRefused() {
    assertThat(failure(log.read(new long[ShardLog.MAX_READ + 1]))).isEqualTo(Kind.REFUSED);
  }

  @Test
  void aFullShardSaysSoAndKeepsWhatItHas() throws Exception {
    byte[] record = new byte[ShardLog.MAX_RECORD_BYTES];
    int stored = 0;
    while (stored * (long) record.length <= MAX_BYTES_PER_SHARD) {
      var append = log.append("c1", record, stored);
      if (append.handle((position, e) -> e != null).get(10, TimeUnit.SECONDS)) {
        assertThat(failure(append)).isEqualTo(Kind.FULL);
        break;
      }
      stored++;
    }
    assertThat(stored).isBetween(4, 6);
    assertThat(get(log.tail()).position()).isEqualTo(stored);
  }

  @Test
  void missingPositionsAreNull() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    assertThat(texts(get(log.read(new long[] {2, 1, 100})))).containsExactly("none", "1:a", "none");
  }

  @Test
  void aReplacedRecordComesAsItsCutCopyAndKeepsItsPlace() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    get(log.append("c1", bytes("secret"), 1));
    get(log.append("c1", bytes("c"), 2));

    get(log.replace(2, bytes("cut")));
    get(log.replace(2, bytes("cut")));

    assertThat(texts(get(log.read(new long[] {1, 2, 3})))).containsExactly("1:a", "2:cut", "3:c");
    assertThat(get(log.append("c1", bytes("d"), 3))).isEqualTo(4);
  }

  @Test
  void theNewestRecordOfAKeyIsNotReplaced() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    get(log.append("c1", bytes("b"), 1));
    get(log.append("c2", bytes("c"), 2));

    assertThat(failure(log.replace(2, bytes("cut")))).isEqualTo(Kind.REFUSED);

    assertThat(text(get(log.last("c1")))).isEqualTo("2:b");
  }

  @Test
  void aTableTakesAValueOnlyAtTheExpectedRevision() throws Exception {
    Table table = broker.table(TableName.PROFILES);
    assertThat(get(table.get("u1"))).isNull();
    long first = get(table.put("u1", bytes("a"), 0));
    assertThat(first).isPositive();
    assertThat(failure(table.put("u1", bytes("b"), 0))).isEqualTo(Kind.CONFLICT);
    get(table.put("u2", bytes("x"), 0));
    long second = get(table.put("u1", bytes("b"), first));
    assertThat(second).isGreaterThan(first);
    assertThat(failure(table.put("u1", bytes("c"), first))).isEqualTo(Kind.CONFLICT);
    Table.Entry entry = get(table.get("u1"));
    assertThat(entry.revision()).isEqualTo(second);
    assertThat(new String(entry.value(), UTF_8)).isEqualTo("b");
  }

  @Test
  void tablesAreApart() throws Exception {
    get(broker.table(TableName.PROFILES).put("u1", bytes("profile"), 0));
    assertThat(get(broker.table(TableName.BLOCKS).get("u1"))).isNull();
  }

  @Test
  void aWatchTellsWhatIsThereAndThenEachChange() throws Exception {
    Table table = broker.table(TableName.SNAPSHOTS);
    long first = get(table.put("k.1", bytes("a"), 0));
    get(table.put("k.2", bytes("b"), 0));
    var told = new ConcurrentLinkedQueue<String>();

    get(table.watch((key, entry) -> told.add(key + "=" + new String(entry.value(), UTF_8))));
    assertThat(told).containsExactlyInAnyOrder("k.1=a", "k.2=b");

    get(table.put("k.1", bytes("c"), first));
    eventually(() -> assertThat(told).hasSize(3).contains("k.1=c"));
  }

  @Test
  void aWatchOfAnEmptyTableIsCompletedToo() throws Exception {
    get(broker.table(TableName.PROGRESS).watch((key, entry) -> {}));
  }

  @Test
  void marksAreToldInOrderPerShard() throws Exception {
    MarkLog marks = broker.marks();
    long first = get(marks.append(0, bytes("a")));
    get(marks.append(1, bytes("other")));
    long last = get(marks.append(0, bytes("b")));
    assertThat(last).isGreaterThan(first);
    assertThat(marksOf(0)).containsExactly(first + ":a", last + ":b");
  }

  @Test
  void trimmedMarksAreGone() throws Exception {
    MarkLog marks = broker.marks();
    get(marks.append(0, bytes("a")));
    long kept = get(marks.append(0, bytes("b")));
    get(marks.append(1, bytes("other")));
    get(marks.trim(0, kept));
    assertThat(marksOf(0)).containsExactly(kept + ":b");
    assertThat(marksOf(1)).hasSize(1);
    get(marks.trim(0, kept));
    assertThat(marksOf(0)).hasSize(1);
  }

  @Test
  void aShardWithoutMarksTellsNone() throws Exception {
    assertThat(marksOf(1)).isEmpty();
  }

  @Test
  void aWatcherIsToldOfTheRoutersThatThereAreAndThenOfEachChange() throws Exception {
    Registry registry = broker.registry();
    long first = get(registry.announce("r1", bytes("a")));
    long second = get(registry.announce("r 2.>", bytes("b")));
    assertThat(second).isGreaterThan(first);
    var told = new ToldRouters();

    get(registry.watch(told));
    assertThat(told.lines()).containsExactly("r1=a", "r 2.>=b");
    assertThat(told.revisions()).containsExactly(first, second);

    get(registry.announce("r1", bytes("c")));
    get(registry.withdraw("r 2.>"));
    eventually(() -> assertThat(told.lines()).containsExactly("r1=a", "r 2.>=b", "r1=c", "r 2.> gone"));
    assertThat(told.revisions()).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void aWatcherOfAnEmptyRegistryIsToldOfLaterRouters() throws Exception {
    var told = new ToldRouters();
    get(broker.registry().watch(told));
    get(broker.registry().announce("r1", new byte[0]));
    eventually(() -> assertThat(told.lines()).containsExactly("r1="));
  }

  @Test
  void aRouterThatIsNotAnnouncedAgainIsGone() throws Exception {
    Registry registry = broker.registry();
    var told = new ToldRouters();
    get(registry.watch(told));
    get(registry.announce("r1", bytes("a")));
    eventually(() -> assertThat(told.lines()).containsExactly("r1=a"));
    pass(Registry.TTL);
    eventually(() -> assertThat(told.lines()).containsExactly("r1=a", "r1 gone"));

    get(registry.announce("r1", bytes("back")));
    eventually(() -> assertThat(told.lines()).containsExactly("r1=a", "r1 gone", "r1=back"));
    var late = new ToldRouters();
    get(registry.watch(late));
    assertThat(late.lines()).containsExactly("r1=back");
  }

  @Test
  void aRouterThatWasNeverThereIsNotToldAsGone() throws Exception {
    Registry registry = broker.registry();
    var told = new ToldRouters();
    get(registry.watch(told));
    get(registry.withdraw("r1"));
    get(registry.announce("r2", bytes("b")));
    // What takes an entry's place before a watch has read it is all that the watch hears of.
    eventually(() -> assertThat(told.lines()).containsExactly("r2=b"));
    get(registry.withdraw("r2"));
    get(registry.withdraw("r2"));
    eventually(() -> assertThat(told.lines()).containsExactly("r2=b", "r2 gone"));
    get(registry.announce("r2", bytes("c")));
    eventually(() -> assertThat(told.lines()).containsExactly("r2=b", "r2 gone", "r2=c"));
  }

  @Test
  void aRouterWithoutANameOrWithTooMuchToSayIsRefused() {
    Registry registry = broker.registry();
    assertThat(failure(registry.announce("", bytes("a")))).isEqualTo(Kind.REFUSED);
    assertThat(failure(registry.withdraw(""))).isEqualTo(Kind.REFUSED);
    assertThat(failure(registry.announce("r1", new byte[Registry.MAX_ENTRY_BYTES + 1]))).isEqualTo(Kind.REFUSED);
  }

  @Test
  void aNoticeIsHeardByAllWhoListenToItsUser() {
    var first = new ConcurrentLinkedQueue<String>();
    var second = new ConcurrentLinkedQueue<String>();
    var other = new ConcurrentLinkedQueue<String>();
    broker.wakes().listen("user 1.*", notice -> first.add(new String(notice, UTF_8)));
    broker.wakes().listen("user 1.*", notice -> second.add(new String(notice, UTF_8)));
    broker.wakes().listen("user 2", notice -> other.add(new String(notice, UTF_8)));

    broker.wakes().wake("user 1.*", bytes("a"));
    broker.wakes().wake("user 3", bytes("nobody"));
    broker.wakes().wake("user 2", bytes("b"));

    eventually(() -> assertThat(other).containsExactly("b"));
    assertThat(first).containsExactly("a");
    assertThat(second).containsExactly("a");
  }

  @Test
  void whoHasEndedListeningHearsNothingAndTheOthersGoOn() {
    var ended = new ConcurrentLinkedQueue<String>();
    var heard = new ConcurrentLinkedQueue<String>();
    Wakes.Subscription first = broker.wakes().listen("u1", notice -> ended.add(new String(notice, UTF_8)));
    broker.wakes().listen("u1", notice -> heard.add(new String(notice, UTF_8)));
    Wakes.Subscription other = broker.wakes().listen("u2", notice -> ended.add(new String(notice, UTF_8)));
    first.close();
    first.close();
    other.close();

    broker.wakes().wake("u2", bytes("nobody"));
    broker.wakes().wake("u1", bytes("a"));
    eventually(() -> assertThat(heard).containsExactly("a"));
    assertThat(ended).isEmpty();

    broker.wakes().listen("u2", notice -> heard.add(new String(notice, UTF_8)));
    broker.wakes().wake("u2", bytes("again"));
    eventually(() -> assertThat(heard).containsExactly("a", "again"));
  }

  @Test
  void aNoticeThatIsTooLargeIsTheFaultOfWhoSendsIt() {
    assertThatThrownBy(() -> broker.wakes().wake("u1", new byte[Wakes.MAX_NOTICE_BYTES + 1]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aMessageOfDispatchersGoesBehindTheExpectedOneOfItsShard() throws Exception {
    DispatchLog dispatch = broker.dispatch();
    assertThat(get(dispatch.newest(0))).isEqualTo(DispatchLog.NONE);
    long first = get(dispatch.append(0, bytes("a"), DispatchLog.NONE));
    long other = get(dispatch.append(1, bytes("b"), DispatchLog.NONE));
    assertThat(failure(dispatch.append(0, bytes("too low"), DispatchLog.NONE))).isEqualTo(Kind.CONFLICT);
    assertThat(failure(dispatch.append(0, bytes("of another shard"), other))).isEqualTo(Kind.CONFLICT);
    long last = get(dispatch.append(0, bytes("c"), first));
    assertThat(last).isGreaterThan(other);
    assertThat(get(dispatch.newest(0))).isEqualTo(last);
    assertThat(get(dispatch.newest(1))).isEqualTo(other);
    assertThat(failure(dispatch.append(0, new byte[ShardLog.MAX_RECORD_BYTES + 1], last))).isEqualTo(Kind.REFUSED);
  }

  @Test
  void theEndOfAShardIsWhereItsLastRecordLies() throws Exception {
    assertThat(get(broker.dispatch().end(0))).isZero();
    get(broker.shard(0).append("k", bytes("a"), 0));
    get(broker.shard(0).append("k", bytes("b"), 1));
    assertThat(get(broker.dispatch().end(0))).isEqualTo(2);
    assertThat(get(broker.dispatch().end(1))).isZero();
  }

  @Test
  void whoFollowsDispatchersIsToldWhatThereIsAndThenWhatComes() throws Exception {
    DispatchLog dispatch = broker.dispatch();
    long first = get(dispatch.append(0, bytes("a"), DispatchLog.NONE));
    get(dispatch.append(1, bytes("b"), DispatchLog.NONE));
    var told = new ConcurrentLinkedQueue<String>();

    get(dispatch.follow((shard, record) -> told.add(shard + new String(record.bytes(), UTF_8))));
    assertThat(told).containsExactly("0a", "1b");
    get(dispatch.append(0, bytes("c"), first));
    eventually(() -> assertThat(told).containsExactly("0a", "1b", "0c"));
  }

  @Test
  void whoReadsDispatchersIsToldWhatThereIsOfOneShardSinceATime() throws Exception {
    DispatchLog dispatch = broker.dispatch();
    Duration limit = Duration.ofSeconds(20);
    var told = new ConcurrentLinkedQueue<String>();
    assertThat(get(dispatch.read(0, Instant.EPOCH, limit, into(told)))).isTrue();
    long last = DispatchLog.NONE;
    List<String> written = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      last = get(dispatch.append(0, bytes("a" + i), last));
      written.add(last + ":a" + i);
    }
    get(dispatch.append(1, bytes("of another shard"), DispatchLog.NONE));

    assertThat(get(dispatch.read(0, Instant.EPOCH, limit, into(told)))).isTrue();
    assertThat(told).containsExactlyElementsOf(written);
    told.clear();
    assertThat(get(dispatch.read(0, Instant.now().plusSeconds(600), limit, into(told)))).isTrue();
    assertThat(told).isEmpty();
  }

  @Test
  void whoFollowsNothingIsToldOfItsEnd() throws Exception {
    get(broker.dispatch().follow((shard, record) -> {}));
    get(broker.dispatch().followMarks((shard, record) -> {}));
  }

  @Test
  void whoFollowsMarksIsToldWhatThereIsAndThenWhatComes() throws Exception {
    get(broker.marks().append(1, bytes("a")));
    var told = new ConcurrentLinkedQueue<String>();

    get(broker.dispatch().followMarks((shard, record) -> told.add(shard + new String(record.bytes(), UTF_8))));
    assertThat(told).containsExactly("1a");
    get(broker.marks().append(0, bytes("b")));
    eventually(() -> assertThat(told).containsExactly("1a", "0b"));
  }

  /** What a feed tells. */
  private static DispatchLog.Reader into(ConcurrentLinkedQueue<String> told) {
    return (shard, record) -> told.add(record.position() + ":" + new String(record.bytes(), UTF_8));
  }

  @Test
  void aFeedOfAnUnknownShardBeginsAtItsEnd() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    var told = new ConcurrentLinkedQueue<String>();

    DispatchLog.Feed feed = get(broker.dispatch().take(0, DispatchLog.UNKNOWN, into(told)));
    assertThat(feed.begin()).isEqualTo(1);
    get(log.append("c1", bytes("b"), 1));
    eventually(() -> assertThat(told).containsExactly("2:b"));
  }

  @Test
  void aFeedTellsWhatComesAfterAPositionAndTheNextOneWhatWasNotAcknowledged() throws Exception {
    for (int i = 0; i < 4; i++) {
      get(log.append("c1", bytes("r" + i), i));
    }
    var told = new ConcurrentLinkedQueue<String>();
    DispatchLog.Feed feed = get(broker.dispatch().take(0, 1, into(told)));
    eventually(() -> assertThat(told).containsExactly("2:r1", "3:r2", "4:r3"));
    feed.acknowledge(3);
    feed.close();

    var again = new ConcurrentLinkedQueue<String>();
    DispatchLog.Feed next = get(broker.dispatch().take(0, DispatchLog.UNKNOWN, into(again)));
    eventually(() -> assertThat(again).containsExactly("4:r3"));
    assertThat(next.begin()).isEqualTo(3);
    assertThat(get(broker.dispatch().take(0, 1, into(again))).begin()).isEqualTo(3);
  }

  @Test
  void whoTakesAShardEndsTheReadingOfTheOneBefore() throws Exception {
    var before = new ConcurrentLinkedQueue<String>();
    get(broker.dispatch().take(0, DispatchLog.UNKNOWN, into(before)));
    var after = new ConcurrentLinkedQueue<String>();
    get(broker.dispatch().take(0, DispatchLog.UNKNOWN, into(after)));

    for (int i = 0; i < 20; i++) {
      get(log.append("c1", bytes("a"), i));
    }
    eventually(() -> assertThat(after).hasSize(20));
    assertThat(before).isEmpty();
  }

  @Test
  void allWhoAnswerAreAsked() throws Exception {
    assertThat(get(broker.inquiries().ask(bytes("?"), 0, Duration.ofSeconds(20)))).isEmpty();
    Wakes.Subscription first = broker.inquiries().answer(question -> answered(question, bytes("1")));
    broker.inquiries().answer(question -> answered(bytes(new String(question, UTF_8) + "2")));
    broker.inquiries().answer(question -> answered());
    broker.inquiries().answer(question -> CompletableFuture.failedFuture(new IllegalStateException("no answer")));

    assertThat(get(broker.inquiries().ask(bytes("q"), 2, Duration.ofSeconds(20))))
        .extracting(answer -> new String(answer, UTF_8))
        .containsExactlyInAnyOrder("q1", "q2");
    first.close();
    assertThat(get(broker.inquiries().ask(bytes("q"), 2, Duration.ofMillis(200))))
        .extracting(answer -> new String(answer, UTF_8))
        .containsExactly("q2");
    assertThatThrownBy(() -> broker.inquiries().ask(new byte[Inquiries.MAX_BYTES + 1], 1, Duration.ofMillis(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static CompletableFuture<List<byte[]>> answered(byte[]... parts) {
    return CompletableFuture.completedFuture(List.of(parts));
  }

  @Test
  void anAnswerThatComesLaterIsAwaited() throws Exception {
    CompletableFuture<List<byte[]>> later = new CompletableFuture<>();
    CompletableFuture<byte[]> heard = new CompletableFuture<>();
    broker
        .inquiries()
        .answer(
            question -> {
              heard.complete(question);
              return later;
            });

    CompletableFuture<List<byte[]>> asked = broker.inquiries().ask(bytes("q"), 1, Duration.ofSeconds(20));
    assertThat(get(heard)).isEqualTo(bytes("q"));
    assertThat(asked).isNotDone();
    later.complete(List.of(bytes("late")));
    assertThat(get(asked)).containsExactly(bytes("late"));
  }

  @Test
  void aClosedBrokerIsNotConnectedAndSendsNothing() {
    assertThat(broker.connected()).isTrue();
    broker.close();
    assertThat(broker.connected()).isFalse();
    assertThat(failure(log.append("c1", bytes("a"), 0))).isEqualTo(Kind.NOT_SENT);
    assertThat(failure(broker.registry().announce("r1", bytes("a")))).isEqualTo(Kind.NOT_SENT);
    broker.wakes().wake("u1", bytes("lost"));
    broker.wakes().listen("u1", notice -> {}).close();
  }

  private List<String> marksOf(int shard) throws Exception {
    var told = new ConcurrentLinkedQueue<StoredRecord>();
    get(broker.marks().readAll(shard, told::add));
    return texts(List.copyOf(told));
  }

  protected static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  protected static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  /** Why a future failed. It must have failed with a LogException itself, not with one inside of another exception. */
  protected static Kind failure(CompletableFuture<?> future) {
    try {
      Throwable failure = future.handle((value, e) -> e).get(20, TimeUnit.SECONDS);
      if (failure instanceof LogException logged) {
        return logged.kind();
      }
      throw new AssertionError("not a LogException", failure);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  protected static List<String> texts(List<? extends @Nullable StoredRecord> records) {
    return records.stream().map(BrokerContract::text).toList();
  }

  private static String text(@Nullable StoredRecord record) {
    return record == null ? "none" : record.position() + ":" + new String(record.bytes(), UTF_8);
  }

  private static StoredRecord present(@Nullable StoredRecord record) {
    return Objects.requireNonNull(record);
  }
}
