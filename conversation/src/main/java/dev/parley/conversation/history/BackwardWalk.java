package dev.parley.conversation.history;

import dev.parley.conversation.PageIndex;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** From a page down to the first that is left: each page's first record names all records of the one before. */
final class BackwardWalk implements PageWalk {
  private final PageReader reader;
  private CompletableFuture<long[]> positions;
  private long page;

  BackwardWalk(PageFinder finder, PageReader reader, long firstPage) {
    this.reader = reader;
    this.page = firstPage;
    this.positions = firstPage < 0 ? CompletableFuture.completedFuture(new long[0]) : finder.positionsOf(firstPage);
  }

  @Override
  public CompletableFuture<@Nullable Page> next() {
    if (page < 0) {
      return CompletableFuture.completedFuture(null);
    }
    long number = page--;
    return positions
        .thenCompose(here -> reader.read(number, here))
        .thenApply(read -> {
          if (!read.isWhole()) {
            page = -1; // what lies before was trimmed
            return read.records().isEmpty() ? null : read;
          }
          positions =
              CompletableFuture.completedFuture(PageIndex.previousPage(read.records().getFirst().record()));
          return read;
        });
  }
}
