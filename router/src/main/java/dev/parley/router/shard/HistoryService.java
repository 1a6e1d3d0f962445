package dev.parley.router.shard;

import dev.parley.conversation.PageIndex;
import dev.parley.conversation.history.HistoryReader;
import dev.parley.conversation.history.LoggedRecord;
import dev.parley.conversation.history.Page;
import dev.parley.conversation.history.PageWalk;
import dev.parley.conversation.history.TrimmedException;
import dev.parley.router.feed.HistoryIndex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads for those who are behind: from what was fed lately where that reaches back far enough, else page by page from
 * the log, at the places that the owner names. Who wants the same page at the same time shares one reading, and only a few readings of a shard are on
 * their way at a time, since the broker serves appends first.
 *
 * <p>Belongs to the shard's thread.
 */
final class HistoryService {
  /** Walks that are kept for the next page: as many as sessions that catch up side by side. */
  private static final int KEPT_WALKS = 64;

  private final OwnerLimits limits;
  private final Function<String, CompletableFuture<HistoryIndex>> index;
  private final HistoryReader history;
  private final ShardTail tail;

  private final Map<PageKey, CompletableFuture<Page>> onTheirWay = new HashMap<>();
  private final LinkedHashMap<PageKey, KeptWalk> walks = new LinkedHashMap<>(16, 0.75f, true);
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private int reading;

  private record PageKey(String conversationId, long page) {}

  /** A walk, and the page that was open when it began: it knows only part of that one. */
  private record KeptWalk(PageWalk walk, long openPage) {}

  /** {@code index}: asks the owner where a conversation's history lies. */
  HistoryService(
      OwnerLimits limits,
      Function<String, CompletableFuture<HistoryIndex>> index,
      HistoryReader history,
      ShardTail tail) {
    this.limits = limits;
    this.index = index;
    this.history = history;
    this.tail = tail;
  }

  /**
   * Records from the one that holds {@code fromSeq} on, some; none above the head. Fails with a {@link TrimmedException}
   * when that one was trimmed.
   */
  CompletableFuture<List<CommittedRecord>> from(String conversationId, long fromSeq) {
    List<CommittedRecord> recent = tail.from(conversationId, fromSeq, limits.readEvents(), limits.readBytes());
    if (recent != null) {
      return CompletableFuture.completedFuture(recent);
    }
    return index
        .apply(conversationId)
        .thenCompose(
            found ->
                fromSeq > found.headSeq()
                    ? CompletableFuture.completedFuture(List.of())
                    : readPage(conversationId, found, fromSeq, fromSeq));
  }

  /**
   * All records of the page that holds {@code seq}; none above the head. Fails with a {@link TrimmedException} when the
   * one with this seq was trimmed.
   */
  CompletableFuture<List<CommittedRecord>> pageOf(String conversationId, long seq) {
    return index
        .apply(conversationId)
        .thenCompose(
            found ->
                seq < 1 || seq > found.headSeq()
                    ? CompletableFuture.completedFuture(List.of())
                    : readPage(conversationId, found, seq, 1));
  }

  private CompletableFuture<List<CommittedRecord>> readPage(
      String conversationId, HistoryIndex found, long seq, long fromSeq) {
    return page(conversationId, found, PageIndex.pageOf(seq))
        .thenApply(read -> committed(found, reaching(seq, read), fromSeq));
  }

  /** The same page, if what was trimmed of it does not hold this seq. */
  private static Page reaching(long seq, Page read) {
    LoggedRecord first = read.records().isEmpty() ? null : read.records().getFirst();
    if (first == null || first.firstSeq() > seq) {
      throw new TrimmedException(first == null ? 1 : first.position(), "seq " + seq + " was trimmed");
    }
    return read;
  }

  /** The records as readers get them: deleted messages, and edits of them, without their bodies. */
  private static List<CommittedRecord> committed(HistoryIndex found, Page page, long fromSeq) {
    List<CommittedRecord> records = new ArrayList<>();
    for (var logged : page.records()) {
      if (logged.lastSeq() >= fromSeq) {
        CommittedRecord record = CommittedRecord.of(logged);
        records.add(found.deletedSeqs().isEmpty() ? record : record.cutWhere(found::isCut));
      }
    }
    return records;
  }

  private CompletableFuture<Page> page(String conversationId, HistoryIndex found, long page) {
    if (page >= found.pages().openPage()) {
      // The open page grows: everybody reads it as it is now.
      return whenAllowed(() -> history.read(conversationId, found.pages(), page));
    }
    PageKey key = new PageKey(conversationId, page);
    CompletableFuture<Page> shared = onTheirWay.get(key);
    if (shared != null) {
      return shared;
    }
    CompletableFuture<Page> read = whenAllowed(() -> walkTo(conversationId, found, page));
    onTheirWay.put(key, read);
    return read.whenComplete(Completion.seen((done, failure) -> onTheirWay.remove(key, read)));
  }

  /** Reads a page that is closed, by the walk that stands before it if there is one. */
  private CompletableFuture<Page> walkTo(String conversationId, HistoryIndex found, long page) {
    KeptWalk kept = walks.remove(new PageKey(conversationId, page));
    KeptWalk walk =
        kept != null
            ? kept
            : new KeptWalk(history.forward(conversationId, found.pages(), page), found.pages().openPage());
    return walk.walk
        .next()
        .thenApply(
            read -> {
              if (page + 1 < walk.openPage) {
                walks.put(new PageKey(conversationId, page + 1), walk);
                if (walks.size() > KEPT_WALKS) {
                  walks.pollFirstEntry();
                }
              }
              return whole(conversationId, page, read);
            });
  }

  /**
   * A closed page holds all of its events but those that were trimmed: one that does not was read by an index that is too
   * old.
   */
  private static Page whole(String conversationId, long page, @Nullable Page found) {
    if (found == null
        || (!found.records().isEmpty()
            && found.records().getLast().lastSeq() + 1 != PageIndex.firstSeqOf(page + 1))) {
      throw new IllegalStateException("page " + page + " of " + conversationId + " was not read whole");
    }
    return found;
  }

  private <T> CompletableFuture<T> whenAllowed(Supplier<CompletableFuture<T>> read) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Runnable start =
        () -> {
          reading++;
          read.get()
              .whenComplete(Completion.seen(
                  (value, failure) -> {
                    reading--;
                    complete(result, value, failure);
                    startNext();
                  }));
        };
    waiting.addLast(start);
    startNext();
    return result;
  }

  private static <T> void complete(CompletableFuture<T> result, T value, @Nullable Throwable failure) {
    if (failure == null) {
      result.complete(value);
    } else {
      result.completeExceptionally(failure);
    }
  }

  private void startNext() {
    while (reading < limits.concurrentReads() && !waiting.isEmpty()) {
      waiting.removeFirst().run();
    }
  }
}
