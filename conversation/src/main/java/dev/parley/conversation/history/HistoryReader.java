package dev.parley.conversation.history;

import dev.parley.conversation.Facts.Search;
import dev.parley.conversation.PageIndex;
import dev.parley.conversation.Records;
import dev.parley.conversation.log.ShardLog;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads conversations of one shard by exact positions, starting from a {@link PageIndex}. What a page index knows is
 * read exactly: a reader that is behind is asked again, never believed.
 *
 * <p>Thread-safe, keeps nothing. Futures complete on the log's threads and fail with a {@link
 * dev.parley.conversation.log.LogException}, or with a {@link BrokenHistoryException} when the log lacks a record.
 */
public final class HistoryReader {
  private final ExactReads reads;

  /** A reader that asks again as is right for a log with replicas. */
  public HistoryReader(ShardLog log) {
    this(log, ReadRetry.DEFAULT);
  }

  /** A reader of this log. */
  public HistoryReader(ShardLog log, ReadRetry retry) {
    this.reads = new ExactReads(log, retry);
  }

  /**
   * One page, without what was trimmed of it.
   *
   * @param page 0 to the index's open page; else the future fails with an IllegalArgumentException
   */
  public CompletableFuture<Page> read(String conversationId, PageIndex pages, long page) {
    return finder(conversationId, pages)
        .positionsOf(page)
        .thenCompose(positions -> pageReader(conversationId).read(page, positions))
        .exceptionallyCompose(failure -> TrimmedException.in(failure) == null
            ? CompletableFuture.failedFuture(failure)
            : CompletableFuture.completedFuture(new Page(page, List.of()))); // what names its records came after them
  }

  /**
   * The first event of a conversation that the log still has.
   *
   * @param headSeq the newest event's seq
   * @param firstKept where the shard's log begins
   * @return its seq; the one after {@code headSeq} if all are trimmed
   */
  public CompletableFuture<Long> firstSeq(String conversationId, PageIndex pages, long headSeq, long firstKept) {
    return new BeginningFinder(reads, conversationId, pages, firstKept)
        .firstSeq(headSeq)
        .exceptionallyCompose(failure -> {
          TrimmedException further = TrimmedException.in(failure);
          return further == null || further.firstKept() <= firstKept
              ? CompletableFuture.failedFuture(failure)
              : firstSeq(conversationId, pages, headSeq, further.firstKept());
        });
  }

  /**
   * From the page {@code fromPage} up to the newest, at about one round trip a page. Fails with a {@link
   * TrimmedException} where the page after the next one is trimmed, too.
   */
  public PageWalk forward(String conversationId, PageIndex pages, long fromPage) {
    long last = pages.isEmpty() ? -1 : pages.openPage();
    return new ForwardWalk(finder(conversationId, pages), pageReader(conversationId), fromPage, last);
  }

  /** From the page {@code fromPage} down to the first that is left, at one round trip a page. */
  public PageWalk backward(String conversationId, PageIndex pages, long fromPage) {
    long first = pages.isEmpty() ? -1 : fromPage;
    return new BackwardWalk(finder(conversationId, pages), pageReader(conversationId), first);
  }

  /** The event with this seq, cut if it was deleted; null: the index does not reach there, or it was trimmed. */
  public CompletableFuture<@Nullable Event> find(String conversationId, PageIndex pages, long seq) {
    if (seq < 1 || pages.isEmpty() || PageIndex.pageOf(seq) > pages.openPage()) {
      return CompletableFuture.completedFuture(null);
    }
    return read(conversationId, pages, PageIndex.pageOf(seq)).thenApply(page -> {
      for (LoggedRecord record : page.records()) {
        if (record.holds(seq)) {
          return Records.event(record.record(), Math.toIntExact(seq - record.firstSeq()));
        }
      }
      return null;
    });
  }

  /**
   * Looks for a client event id.
   *
   * @param from no event before this time can have it
   * @param beforeSeq up to and including this seq
   * @return {@link Search.Found}, {@link Search.NotFound} or {@link Search.Trimmed}
   */
  public CompletableFuture<Search> search(
      String conversationId, PageIndex pages, long fingerprint, Instant from, long beforeSeq) {
    if (pages.isEmpty() || beforeSeq < 1) {
      return CompletableFuture.completedFuture(new Search.NotFound());
    }
    return search(conversationId, pages, fingerprint, from, beforeSeq, 1);
  }

  private CompletableFuture<Search> search(
      String conversationId, PageIndex pages, long fingerprint, Instant from, long beforeSeq, long firstKept) {
    return new TimeFinder(reads, conversationId, pages, firstKept)
        .pageBefore(from)
        .thenCompose(page ->
            new IdSearch(forward(conversationId, pages, page), fingerprint, from, beforeSeq).run())
        .exceptionallyCompose(failure -> {
          TrimmedException trimmed = TrimmedException.in(failure);
          return trimmed == null || trimmed.firstKept() <= firstKept
              ? CompletableFuture.failedFuture(failure)
              : search(conversationId, pages, fingerprint, from, beforeSeq, trimmed.firstKept());
        });
  }

  /**
   * Whether the log is still the one that a cursor was given from: the record at its position is of that conversation,
   * written under that term, and reaches the cursor's seq (a frame with the events of several records has the position
   * of the last one). A cut copy counts. A cursor without a position is only compared with the head. Fails with a
   * {@link TrimmedException} when that record was trimmed: then nobody can say.
   *
   * @param head the conversation's head now
   */
  public CompletableFuture<Boolean> verify(String conversationId, Cursor cursor, Cursor head) {
    if (cursor.getSeq() == 0) {
      return CompletableFuture.completedFuture(true);
    }
    boolean beyond = Long.compareUnsigned(cursor.getSeq(), head.getSeq()) > 0
        || Long.compareUnsigned(cursor.getPosition(), head.getPosition()) > 0;
    if (beyond || cursor.getPosition() == 0) {
      return CompletableFuture.completedFuture(!beyond);
    }
    if (cursor.getPosition() == head.getPosition() && cursor.getSeq() == head.getSeq()) {
      return CompletableFuture.completedFuture(cursor.getTerm().equals(head.getTerm()));
    }
    return reads.any(new long[] {cursor.getPosition()}).thenApply(records -> {
      LoggedRecord record = records.getFirst();
      return record.record().getConversationId().equals(conversationId)
          && record.lastSeq() >= cursor.getSeq()
          && record.record().getTerm().equals(cursor.getTerm());
    });
  }

  private PageFinder finder(String conversationId, PageIndex pages) {
    return new PageFinder(reads, conversationId, pages);
  }

  private PageReader pageReader(String conversationId) {
    return new PageReader(reads, conversationId);
  }
}
