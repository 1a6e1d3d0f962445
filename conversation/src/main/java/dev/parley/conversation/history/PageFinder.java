package dev.parley.conversation.history;

import dev.parley.conversation.PageIndex;
import dev.parley.internal.v1.PageLinks;
import dev.parley.internal.v1.PageStart;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Finds where a page's records lie. Descends from the page index along jumps, in O(log n) reads, and remembers the page
 * starts that it has passed, so that going on to the next page costs one read on average.
 *
 * <p>One call at a time, each after the one before has completed.
 */
final class PageFinder {
  private final ExactReads reads;
  private final String conversationId;
  private final PageIndex index;
  /** Starts of pages by number. */
  private final NavigableMap<Long, Start> known = new TreeMap<>();

  PageFinder(ExactReads reads, String conversationId, PageIndex index) {
    this.reads = reads;
    this.conversationId = conversationId;
    this.index = index;
    for (PageStart start : index.starts()) {
      known.put(start.getPage(), new Start(start.getPage(), start.getPosition(), null));
    }
  }

  /** The positions of a page's records, growing. The page's successor links to them all. */
  CompletableFuture<long[]> positionsOf(long page) {
    if (index.isEmpty() || page < 0 || page > index.openPage()) {
      return CompletableFuture.failedFuture(
          new IllegalArgumentException("page " + page + " is beyond the page index"));
    }
    if (page == index.openPage()) {
      return CompletableFuture.completedFuture(index.openPositions());
    }
    return AsyncLoop.<Links>until(() -> approach(page + 1)).thenApply(Links::previousPage);
  }

  /** Drops what is known of the starts of earlier pages, for walks that do not come back. */
  void forgetBelow(long page) {
    known.headMap(page, false).clear();
  }

  /** One step down from the nearest known page start; the links once they are those of {@code page}. */
  private CompletableFuture<@Nullable Links> approach(long page) {
    Start nearest = known.ceilingEntry(page).getValue();
    Links links = nearest.links();
    if (links != null && nearest.page() == page) {
      return CompletableFuture.completedFuture(links);
    }
    return reads.one(conversationId, nearest.position()).thenApply(record -> {
      Links read = learn(nearest.position(), record);
      if (record.firstSeq() != PageIndex.firstSeqOf(nearest.page())) {
        throw new BrokenHistoryException(
            nearest.position(), "page " + nearest.page() + " does not begin at position " + nearest.position());
      }
      return nearest.page() == page ? read : null;
    });
  }

  private Links learn(long position, LoggedRecord first) {
    long page = PageIndex.pageOf(first.firstSeq());
    PageLinks stored = first.record().getPageLinks();
    Links links = new Links(PageIndex.previousPage(first.record()));
    known.put(page, new Start(page, position, links));
    if (page > 0) {
      known.putIfAbsent(page - 1, new Start(page - 1, links.previousPage()[0], null));
      known.putIfAbsent(stored.getJumpPage(), new Start(stored.getJumpPage(), stored.getJumpPosition(), null));
    }
    return links;
  }

  /** Where a page begins, and its links once they were read. */
  private record Start(long page, long position, @Nullable Links links) {}

  /** The positions of the page before. */
  private record Links(long[] previousPage) {}
}
