package dev.parley.conversation.history;

import dev.parley.conversation.PageIndex;
import dev.parley.internal.v1.PageLinks;
import dev.parley.internal.v1.PageStart;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds with which event a conversation begins on a log that was trimmed, in O(log n) reads along the jumps between
 * page starts. Reads only what was not trimmed: each link names the position of what it leads to.
 */
final class BeginningFinder {
  private final ExactReads reads;
  private final String conversationId;
  private final PageIndex index;
  private final long firstKept;
  /** The earliest page start known not to be trimmed. Touched by one step at a time. */
  private @Nullable PageStart nearest;

  BeginningFinder(ExactReads reads, String conversationId, PageIndex index, long firstKept) {
    this.reads = reads;
    this.conversationId = conversationId;
    this.index = index;
    this.firstKept = firstKept;
    this.nearest = lastKept(index.starts().stream());
  }

  /** The first event's seq; the one after {@code headSeq} if all are trimmed. */
  CompletableFuture<Long> firstSeq(long headSeq) {
    if (nearest == null) {
      return index.isEmpty()
          ? CompletableFuture.completedFuture(headSeq + 1)
          : firstIn(index.openPositions(), headSeq + 1);
    }
    return AsyncLoop.until(this::approach).thenCompose(found -> found);
  }

  /** One page start nearer to the beginning; the beginning once the page before is trimmed, in part or as a whole. */
  private CompletableFuture<@Nullable CompletableFuture<Long>> approach() {
    PageStart start = nearest;
    if (start == null || start.getPage() == 0) {
      return CompletableFuture.completedFuture(CompletableFuture.completedFuture(1L));
    }
    return reads.one(conversationId, start.getPosition()).thenApply(record -> {
      long[] before = PageIndex.previousPage(record.record());
      PageLinks links = record.record().getPageLinks();
      PageStart nearer = lastKept(Stream.of(
          PageStart.newBuilder().setPage(start.getPage() - 1).setPosition(before[0]).build(),
          PageStart.newBuilder().setPage(links.getJumpPage()).setPosition(links.getJumpPosition()).build()));
      if (nearer == null) {
        return firstIn(before, record.firstSeq());
      }
      nearest = nearer;
      return null;
    });
  }

  /** The last of these page starts, newest first, that was not trimmed; null: none. */
  private @Nullable PageStart lastKept(Stream<PageStart> newestFirst) {
    List<PageStart> kept = newestFirst.filter(start -> start.getPosition() >= firstKept).toList();
    return kept.isEmpty() ? null : kept.getLast();
  }

  /** The seq with which the first of these records begins that was not trimmed; {@code otherwise}: all were. */
  private CompletableFuture<Long> firstIn(long[] positions, long otherwise) {
    long[] kept = Arrays.stream(positions).filter(position -> position >= firstKept).limit(1).toArray();
    return kept.length == 0
        ? CompletableFuture.completedFuture(otherwise)
        : reads.one(conversationId, kept[0]).thenApply(LoggedRecord::firstSeq);
  }
}
