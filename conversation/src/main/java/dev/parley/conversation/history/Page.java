package dev.parley.conversation.history;

import java.util.List;

/**
 * A page of a conversation's history: all its records that there were when the page index was taken.
 *
 * @param number from 0 on; page n has seq 64 n + 1 to 64 n + 64
 * @param records in order
 */
public record Page(long number, List<LoggedRecord> records) {
  public Page {
    records = List.copyOf(records);
  }
}
