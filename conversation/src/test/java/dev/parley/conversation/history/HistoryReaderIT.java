package dev.parley.conversation.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.conversation.Facts.Search;
import dev.parley.conversation.PageIndex;
import dev.parley.conversation.SyntheticHistory;
import dev.parley.conversation.Talk;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HistoryReaderIT {
  private static final long EVENTS = 1_000;
  private static final long LAST_PAGE = PageIndex.pageOf(EVENTS);
  private static final String ID = Talk.GROUP;
  private static final FakeLog log = new FakeLog();
  private static final SyntheticHistory history = new SyntheticHistory(ID, log::put);

  private final HistoryReader reader = new HistoryReader(log, new ReadRetry(3, Duration.ZERO));

  @BeforeAll
  static void aLongConversation() {
    history.upTo(EVENTS);
  }

  @BeforeEach
  void nothingReadYet() {
    log.reads = 0;
    log.staleReads = 0;
  }

  @Test
  void aWalkForwardReadsEverySeqInOrder() {
    PageWalk walk = reader.forward(ID, history.pages(), 0);
    long next = 1;
    for (Page page = walk.next().join(); page != null; page = walk.next().join()) {
      for (LoggedRecord record : page.records()) {
        assertThat(record.firstSeq()).isEqualTo(next);
        next = record.lastSeq() + 1;
      }
    }

    assertThat(next).isEqualTo(EVENTS + 1);
    // The page itself, and once the record that names its positions.
    assertThat(log.reads).isLessThanOrEqualTo((int) (2 * (LAST_PAGE + 1)));
  }

  @Test
  void aWalkBackwardReadsOnePageWithOneRead() {
    PageWalk walk = reader.backward(ID, history.pages(), LAST_PAGE);
    long expected = EVENTS;
    int pages = 0;
    for (Page page = walk.next().join(); page != null; page = walk.next().join()) {
      assertThat(page.records().getLast().lastSeq()).isEqualTo(expected);
      expected = page.records().getFirst().firstSeq() - 1;
      pages++;
    }

    assertThat(expected).isZero();
    assertThat(log.reads).isEqualTo(pages);
  }

  @Test
  void anySeqIsFoundInLogarithmicallyManyReads() {
    for (long seq : new long[] {1, 64, 65, 471, 800, EVENTS}) {
      log.reads = 0;
      Event event = reader.find(ID, history.pages(), seq).join();

      assertThat(event).isNotNull().extracting(Event::getSeq).isEqualTo(seq);
      assertThat(log.reads).isLessThan(3 * 6);
    }
    assertThat(reader.find(ID, history.pages(), EVENTS + 1_000).join()).isNull();
    assertThat(reader.find(ID, PageIndex.EMPTY, 1).join()).isNull();
  }

  @Test
  void anIdIsSearchedFromItsTimeOn() {
    Search found = reader.search(ID, history.pages(), 500, SyntheticHistory.timeOf(499), EVENTS).join();

    assertThat(found).isEqualTo(new Search.Found(500, -500));
    assertThat(log.reads).isLessThan(3 * 6);
  }

  @Test
  void anIdIsNotFoundBeforeItsTimeNorBehindTheEndOfTheSearch() {
    assertThat(reader.search(ID, history.pages(), 500, SyntheticHistory.timeOf(980), EVENTS).join())
        .isEqualTo(new Search.NotFound());
    assertThat(reader.search(ID, history.pages(), 500, SyntheticHistory.timeOf(480), 499).join())
        .isEqualTo(new Search.NotFound());
    assertThat(reader.search(ID, history.pages(), 1, Talk.START.minusSeconds(1), EVENTS).join())
        .isEqualTo(new Search.Found(1, -1));
  }

  @Test
  void aReaderThatIsBehindIsAskedAgain() {
    log.staleReads = 2;

    assertThat(reader.read(ID, history.pages(), LAST_PAGE).join().records()).isNotEmpty();
  }

  @Test
  void aRecordThatIsMissingForGoodIsAnErrorNotAGap() {
    log.staleReads = 3;

    assertThatThrownBy(() -> reader.read(ID, history.pages(), LAST_PAGE).join())
        .hasCauseInstanceOf(BrokenHistoryException.class);
  }

  @Test
  void anotherConversationsRecordIsAnError() {
    assertThatThrownBy(() -> reader.read(Talk.GROUP.replace('1', '2'), history.pages(), LAST_PAGE).join())
        .hasCauseInstanceOf(BrokenHistoryException.class);
  }

  @Test
  void aPageBeyondTheIndexIsNotGuessed() {
    assertThatThrownBy(() -> reader.read(ID, history.pages(), LAST_PAGE + 1).join())
        .hasCauseInstanceOf(IllegalArgumentException.class);
    assertThat(reader.forward(ID, PageIndex.EMPTY, 0).next().join()).isNull();
    assertThat(reader.backward(ID, PageIndex.EMPTY, 0).next().join()).isNull();
  }

  @Test
  void aCursorIsCheckedAgainstTheRecordAtItsPosition() {
    long position = history.pages().starts().getLast().getPosition();
    Cursor good = Cursor.newBuilder().setSeq(1).setPosition(position).setTerm(Talk.TERM).build();

    assertThat(verify(good)).isTrue();
    assertThat(verify(good.toBuilder().setTerm(Talk.TERM.toBuilder().setIncarnation(1)).build())).isFalse();
    assertThat(verify(good.toBuilder().setSeq(100).build())).isFalse();
    assertThat(verify(good.toBuilder().setSeq(EVENTS + 1).build())).isFalse();
    assertThat(verify(good.toBuilder().setPosition(history.headPosition() + 1).build())).isFalse();
    assertThat(verify(Cursor.newBuilder().setSeq(5).build())).isTrue();
    assertThat(verify(Cursor.getDefaultInstance())).isTrue();
    assertThat(verify(head())).isTrue();
  }

  @Test
  void aTrimmedConversationBeginsWithTheFirstRecordThatIsLeft() {
    for (long first : new long[] {1, 2, 64, 65, 66, 500, EVENTS - 1, EVENTS}) {
      Trimmed trimmed = new Trimmed(first);

      assertThat(trimmed.reader.firstSeq(ID, history.pages(), EVENTS, trimmed.firstKept).join())
          .isEqualTo(trimmed.firstSeq);
      assertThat(trimmed.log.reads).isLessThan(3 * 6);
      assertThat(trimmed.reader.find(ID, history.pages(), trimmed.firstSeq).join()).isNotNull();
      assertThat(trimmed.reader.find(ID, history.pages(), trimmed.firstSeq - 1).join()).isNull();
    }
    assertThat(reader.firstSeq(ID, history.pages(), EVENTS, history.headPosition() + 1).join()).isEqualTo(EVENTS + 1);
  }

  @Test
  void walksOfATrimmedConversationEndAtItsBeginning() {
    Trimmed trimmed = new Trimmed(500);
    PageWalk back = trimmed.reader.backward(ID, history.pages(), LAST_PAGE);
    long reached = EVENTS;
    for (Page page = back.next().join(); page != null; page = back.next().join()) {
      reached = page.records().getFirst().firstSeq();
    }

    assertThat(reached).isEqualTo(trimmed.firstSeq);
    assertThat(trimmed.reader.read(ID, history.pages(), 1).join().records()).isEmpty();
    assertThatThrownBy(() -> trimmed.reader.forward(ID, history.pages(), 1).next().join())
        .hasCauseInstanceOf(TrimmedException.class);
  }

  @Test
  void anIdThatMayHaveBeenTrimmedIsNeverNew() {
    Trimmed trimmed = new Trimmed(500);

    assertThat(trimmed.search(300, SyntheticHistory.timeOf(299))).isEqualTo(new Search.Trimmed());
    assertThat(trimmed.search(700, SyntheticHistory.timeOf(299))).isEqualTo(new Search.Found(700, -700));
    assertThat(trimmed.search(-1, SyntheticHistory.timeOf(699))).isEqualTo(new Search.NotFound());
    assertThat(trimmed.search(-1, SyntheticHistory.timeOf(trimmed.firstSeq + 20))).isEqualTo(new Search.NotFound());
  }

  @Test
  void aCursorOfATrimmedRecordCannotBeChecked() {
    long position = history.pages().starts().getLast().getPosition();
    Cursor old = Cursor.newBuilder().setSeq(1).setPosition(position).setTerm(Talk.TERM).build();
    HistoryReader trimmed = new Trimmed(2).reader;

    assertThatThrownBy(() -> trimmed.verify(ID, old, head()).join()).hasCauseInstanceOf(TrimmedException.class);
  }

  /** The same conversation on a log that begins behind the record before the one with this seq. */
  private static final class Trimmed {
    final FakeLog log = new FakeLog();
    final HistoryReader reader = new HistoryReader(log, new ReadRetry(3, Duration.ZERO));
    final long firstKept;
    final long firstSeq;

    Trimmed(long seq) {
      new SyntheticHistory(ID, log::put).upTo(EVENTS);
      LoggedRecord first = HistoryReaderIT.log.holding(seq);
      firstKept = first.position();
      firstSeq = first.firstSeq();
      var unused = log.trim(firstKept);
    }

    @Nullable Search search(long fingerprint, Instant from) {
      return reader.search(ID, history.pages(), fingerprint, from, EVENTS).join();
    }
  }

  @Test
  void longLoopsOfStepsThatCompleteLaterDoNotGrowTheStack() {
    int[] steps = {0};
    CompletableFuture<@Nullable Integer> gate = new CompletableFuture<>();

    CompletableFuture<Integer> result =
        AsyncLoop.until(() -> steps[0]++ == 0 ? gate : CompletableFuture.completedFuture(end(steps[0])));
    gate.complete(null);

    assertThat(result.join()).isEqualTo(5_000);
  }

  private static @Nullable Integer end(int step) {
    return step == 5_000 ? step : null;
  }

  private boolean verify(Cursor cursor) {
    return Objects.requireNonNull(reader.verify(ID, cursor, head()).join());
  }

  private static Cursor head() {
    return Cursor.newBuilder().setSeq(EVENTS).setPosition(history.headPosition()).setTerm(Talk.TERM).build();
  }
}
