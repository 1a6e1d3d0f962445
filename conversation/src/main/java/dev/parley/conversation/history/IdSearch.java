package dev.parley.conversation.history;

import dev.parley.conversation.Facts.Search;
import dev.parley.conversation.PageIndex;
import dev.parley.conversation.Timestamps;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Looks for a client event id in the pages of a walk. An id that may have been trimmed is never said to be new. */
final class IdSearch {
  private final PageWalk walk;
  private final long fingerprint;
  private final Instant from;
  private final long beforeSeq;
  private boolean begun;
  /** What was trimmed before the first record of the walk may hold the id. */
  private boolean uncertain;

  /**
   * A search.
   *
   * @param walk begins with the page before which no event can have the id, or with the first one that is left
   * @param from no event before this time can have the id
   * @param beforeSeq up to and including this seq
   */
  IdSearch(PageWalk walk, long fingerprint, Instant from, long beforeSeq) {
    this.walk = walk;
    this.fingerprint = fingerprint;
    this.from = from;
    this.beforeSeq = beforeSeq;
  }

  CompletableFuture<Search> run() {
    return AsyncLoop.until(() -> walk.next().thenApply(this::look));
  }

  private @Nullable Search look(@Nullable Page page) {
    if (page == null) {
      return notFound();
    }
    if (!begun) {
      uncertain |= !page.isWhole();
      if (!page.records().isEmpty()) {
        begun = true;
        Instant first = Timestamps.toInstant(page.records().getFirst().record().getTime());
        uncertain &= !first.isBefore(from); // times never go back, so what was trimmed is older
      }
    }
    Search found = findIn(page);
    return found == null && PageIndex.firstSeqOf(page.number() + 1) > beforeSeq ? notFound() : found;
  }

  private Search notFound() {
    return uncertain ? new Search.Trimmed() : new Search.NotFound();
  }

  private @Nullable Search findIn(Page page) {
    for (LoggedRecord record : page.records()) {
      int index = record.record().getFingerprintsList().indexOf(fingerprint);
      if (index >= 0 && record.firstSeq() + index <= beforeSeq) {
        return new Search.Found(record.firstSeq() + index, record.record().getBodyHashes(index));
      }
    }
    return null;
  }
}
