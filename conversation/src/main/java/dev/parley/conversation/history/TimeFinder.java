package dev.parley.conversation.history;

import dev.parley.conversation.PageIndex;
import dev.parley.conversation.Timestamps;
import dev.parley.internal.v1.PageLinks;
import dev.parley.internal.v1.PageStart;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds where in a conversation a time begins, in O(log n) reads along the jumps between page starts: record times
 * never go back. What was trimmed counts as before it.
 */
final class TimeFinder {
  private final ExactReads reads;
  private final String conversationId;
  private final PageIndex index;
  private final long firstKept;
  /** The earliest page start known to be at the time or after it. Touched by one step at a time. */
  private @Nullable LoggedRecord nearest;

  TimeFinder(ExactReads reads, String conversationId, PageIndex index, long firstKept) {
    this.reads = reads;
    this.conversationId = conversationId;
    this.index = index;
    this.firstKept = firstKept;
  }

  /** The newest page that begins before this time, or page 0: everything from this time on is in it or behind it. */
  CompletableFuture<Long> pageBefore(Instant time) {
    long[] starts = index.starts().stream().mapToLong(PageStart::getPosition).filter(this::isKept).toArray();
    return reads.all(conversationId, starts).thenCompose(records -> {
      nearest = lastFrom(time, records);
      return nearest == null
          ? CompletableFuture.completedFuture(index.openPage())
          : AsyncLoop.until(() -> approach(time));
    });
  }

  private CompletableFuture<@Nullable Long> approach(Instant time) {
    LoggedRecord start = nearest;
    if (start == null || pageOf(start) == 0) {
      return CompletableFuture.completedFuture(0L);
    }
    PageLinks links = start.record().getPageLinks();
    long[] candidates = LongStream.of(PageIndex.previousPage(start.record())[0], links.getJumpPosition())
        .filter(this::isKept)
        .toArray();
    return reads.all(conversationId, candidates).thenApply(records -> {
      LoggedRecord nearer = lastFrom(time, records);
      if (nearer == null) {
        return pageOf(start) - 1;
      }
      nearest = nearer;
      return null;
    });
  }

  private boolean isKept(long position) {
    return position >= firstKept;
  }

  /** The last of these page starts, newest first, that is at the time or after it; null: none. */
  private static @Nullable LoggedRecord lastFrom(Instant time, List<LoggedRecord> newestFirst) {
    LoggedRecord last = null;
    for (LoggedRecord record : newestFirst) {
      if (!Timestamps.toInstant(record.record().getTime()).isBefore(time)) {
        last = record;
      }
    }
    return last;
  }

  private static long pageOf(LoggedRecord start) {
    return PageIndex.pageOf(start.firstSeq());
  }
}
