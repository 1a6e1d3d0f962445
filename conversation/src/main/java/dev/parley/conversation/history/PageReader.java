package dev.parley.conversation.history;

import dev.parley.conversation.PageIndex;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Reads the records of a page, and sees to it that they are that page, without holes; what was trimmed is left out. */
final class PageReader {
  private final ExactReads reads;
  private final String conversationId;

  PageReader(ExactReads reads, String conversationId) {
    this.reads = reads;
    this.conversationId = conversationId;
  }

  CompletableFuture<Page> read(long number, long[] positions) {
    return read(number, positions, positions);
  }

  private CompletableFuture<Page> read(long number, long[] all, long[] kept) {
    return reads.all(conversationId, kept)
        .thenApply(records -> {
          checkUnbroken(number, records, kept.length == all.length);
          return new Page(number, records);
        })
        .exceptionallyCompose(failure -> {
          TrimmedException trimmed = TrimmedException.in(failure);
          return trimmed == null
              ? CompletableFuture.failedFuture(failure)
              : read(number, all, Arrays.stream(kept).filter(position -> position >= trimmed.firstKept()).toArray());
        });
  }

  private static void checkUnbroken(long number, List<LoggedRecord> records, boolean whole) {
    if (records.isEmpty()) {
      return;
    }
    long expected = whole ? PageIndex.firstSeqOf(number) : records.getFirst().firstSeq();
    for (LoggedRecord record : records) {
      if (record.firstSeq() != expected) {
        throw new BrokenHistoryException(
            record.position(), "seq " + record.firstSeq() + " where " + expected + " was expected");
      }
      expected = record.lastSeq() + 1;
    }
  }
}
