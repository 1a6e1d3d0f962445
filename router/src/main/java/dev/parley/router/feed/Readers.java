package dev.parley.router.feed;

import java.util.List;

/**
 * Who may read an event, as the owner of its conversation knows it. Immutable.
 *
 * @param headSeq the newest event's seq; 0: there is no such conversation
 * @param readers some of them, in order of their ids
 * @param more there are more
 */
public record Readers(long headSeq, List<Reader> readers, boolean more) {
  public Readers {
    readers = List.copyOf(readers);
  }

  /**
   * A user who may read it.
   *
   * @param member not only a former member
   * @param readSeq the user's read mark
   */
  public record Reader(String userId, boolean member, long readSeq) {}
}
