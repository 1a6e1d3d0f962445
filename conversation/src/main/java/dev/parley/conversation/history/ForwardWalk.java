package dev.parley.conversation.history;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** From a page up to the newest. While a page is read, the next one is looked for: about one round trip a page. */
final class ForwardWalk implements PageWalk {
  private final PageFinder finder;
  private final PageReader reader;
  private final long lastPage;
  private long page;
  private @Nullable CompletableFuture<long[]> positions;

  ForwardWalk(PageFinder finder, PageReader reader, long firstPage, long lastPage) {
    this.finder = finder;
    this.reader = reader;
    this.page = firstPage;
    this.lastPage = lastPage;
  }

  @Override
  public CompletableFuture<@Nullable Page> next() {
    if (page > lastPage) {
      return CompletableFuture.completedFuture(null);
    }
    long number = page++;
    CompletableFuture<long[]> found = positions == null ? finder.positionsOf(number) : positions;
    return found.thenCompose(here -> {
      finder.forgetBelow(number + 1);
      positions = number < lastPage ? finder.positionsOf(number + 1) : null;
      return reader.read(number, here);
    });
  }
}
