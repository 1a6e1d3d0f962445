package dev.parley.conversation.history;

import dev.parley.conversation.PageIndex;
import java.util.List;

/**
 * A page of a conversation's history: all its records that there were when the page index was taken, without those that
 * were trimmed.
 *
 * @param number from 0 on; page n has seq 64 n + 1 to 64 n + 64
 * @param records in order; empty: all were trimmed
 */
public record Page(long number, List<LoggedRecord> records) {
  public Page {
    records = List.copyOf(records);
  }

  /** Nothing at its beginning was trimmed. */
  public boolean isWhole() {
    return !records.isEmpty() && records.getFirst().firstSeq() == PageIndex.firstSeqOf(number);
  }
}
