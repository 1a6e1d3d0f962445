package dev.parley.router.shard;

import dev.parley.conversation.ConversationState;
import dev.parley.conversation.PageIndex;
import dev.parley.conversation.history.HistoryReader;
import dev.parley.conversation.history.Page;
import dev.parley.conversation.history.PageWalk;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads for those who are behind: from the shard's tail in memory where it reaches back far enough, else page by page
 * from the log. Who wants the same page at the same time shares one reading, and only a few readings of a shard are on
 * their way at a time, since the broker serves appends first.
 *
 * <p>Belongs to the shard's thread.
 */
final class HistoryService {
  /** Walks that are kept for the next page: as many as sessions that catch up side by side. */
  private static final int KEPT_WALKS = 64;

  private final OwnerLimits limits;
  private final Conversations conversations;
  private final HistoryReader history;
  private final ShardTail tail;
  private final Ownership ownership;

  private final Map<PageKey, CompletableFuture<Page>> onTheirWay = new HashMap<>();
  private final LinkedHashMap<PageKey, KeptWalk> walks = new LinkedHashMap<>(16, 0.75f, true);
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private int reading;

  private record PageKey(String conversationId, long page) {}

  /** A walk, and the page that was open when it began: it knows only part of that one. */
  private record KeptWalk(PageWalk walk, long openPage) {}

  HistoryService(
      OwnerLimits limits,
      Conversations conversations,
      HistoryReader history,
      ShardTail tail,
      Ownership ownership) {
    this.limits = limits;
    this.conversations = conversations;
    this.history = history;
    this.tail = tail;
    this.ownership = ownership;
  }

  /** Records from the one that holds {@code fromSeq} on, some; none above the head. */
  CompletableFuture<List<CommittedRecord>> from(String conversationId, long fromSeq) {
    return conversations
        .loaded(conversationId)
        .thenCompose(
            entry -> {
              ConversationState state = java.util.Objects.requireNonNull(entry.state);
              if (fromSeq > state.headSeq()) {
                return nothing();
              }
              List<CommittedRecord> recent =
                  tail.from(conversationId, fromSeq, limits.readEvents(), limits.readBytes());
              return recent != null
                  ? CompletableFuture.completedFuture(recent)
                  : readPage(entry, state, PageIndex.pageOf(fromSeq), fromSeq);
            });
  }

  /** All records of the page that holds {@code seq}; none above the head. */
  CompletableFuture<List<CommittedRecord>> pageOf(String conversationId, long seq) {
    return conversations
        .loaded(conversationId)
        .thenCompose(
            entry -> {
              ConversationState state = java.util.Objects.requireNonNull(entry.state);
              if (seq < 1 || seq > state.headSeq()) {
                return nothing();
              }
              return readPage(entry, state, PageIndex.pageOf(seq), 1);
            });
  }

  /** That there is nothing is known from memory alone. */
  private CompletableFuture<List<CommittedRecord>> nothing() {
    return ownership.sure().thenApply(proven -> List.of());
  }

  private CompletableFuture<List<CommittedRecord>> readPage(
      ConversationEntry entry, ConversationState state, long page, long fromSeq) {
    return conversations.keepUntil(
        entry, page(entry, state, page).thenApply(read -> committed(entry, state, read, fromSeq)));
  }

  /** The records as readers get them: deleted messages, and edits of them, without their bodies. */
  private static List<CommittedRecord> committed(
      ConversationEntry entry, ConversationState before, Page page, long fromSeq) {
    ConversationState state = entry.state == null ? before : entry.state;
    List<CommittedRecord> records = new ArrayList<>();
    for (var logged : page.records()) {
      if (logged.lastSeq() >= fromSeq) {
        records.add(CommittedRecord.of(logged).cutWhere(state));
      }
    }
    return records;
  }

  private CompletableFuture<Page> page(ConversationEntry entry, ConversationState state, long page) {
    if (page >= state.pages().openPage()) {
      // The open page grows: everybody reads it as it is now.
      return whenAllowed(() -> history.read(entry.id, state.pages(), page));
    }
    PageKey key = new PageKey(entry.id, page);
    CompletableFuture<Page> shared = onTheirWay.get(key);
    if (shared != null) {
      return shared;
    }
    CompletableFuture<Page> read = whenAllowed(() -> walkTo(entry, state, page));
    onTheirWay.put(key, read);
    return read.whenComplete(Completion.seen((done, failure) -> onTheirWay.remove(key, read)));
  }

  /** Reads a page that is closed, by the walk that stands before it if there is one. */
  private CompletableFuture<Page> walkTo(ConversationEntry entry, ConversationState state, long page) {
    KeptWalk kept = walks.remove(new PageKey(entry.id, page));
    KeptWalk walk =
        kept != null
            ? kept
            : new KeptWalk(history.forward(entry.id, state.pages(), page), state.pages().openPage());
    return walk.walk
        .next()
        .thenApply(
            found -> {
              if (page + 1 < walk.openPage) {
                walks.put(new PageKey(entry.id, page + 1), walk);
                if (walks.size() > KEPT_WALKS) {
                  walks.pollFirstEntry();
                }
              }
              return whole(entry.id, page, found);
            });
  }

  /** A closed page holds all of its events: one that does not was read by an index that is too old. */
  private static Page whole(String conversationId, long page, @Nullable Page found) {
    if (found == null
        || found.records().isEmpty()
        || found.records().getLast().lastSeq() + 1 != PageIndex.firstSeqOf(page + 1)) {
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
