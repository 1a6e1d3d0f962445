package dev.parley.conversation.history;

import dev.parley.conversation.PageIndex;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Reads the records of a page, and sees to it that they are that page, without holes. */
final class PageReader {
  private final ExactReads reads;
  private final String conversationId;

  PageReader(ExactReads reads, String conversationId) {
    this.reads = reads;
    this.conversationId = conversationId;
  }

  CompletableFuture<Page> read(long number, long[] positions) {
    return reads.all(conversationId, positions).thenApply(records -> {
      checkUnbroken(number, records);
      return new Page(number, records);
    });
  }

  private static void checkUnbroken(long number, List<LoggedRecord> records) {
    long expected = PageIndex.firstSeqOf(number);
    for (LoggedRecord record : records) {
      if (record.firstSeq() != expected) {
        throw new BrokenHistoryException(
            record.position(), "seq " + record.firstSeq() + " where " + expected + " was expected");
      }
      expected = record.lastSeq() + 1;
    }
  }
}
