package dev.parley.router.feed;

import dev.parley.conversation.PageIndex;
import dev.parley.v1.Event;
import java.util.SortedSet;

/**
 * What is needed to read a conversation's history from the log, as its owner knows it. Immutable.
 *
 * @param headSeq the newest event's seq; 0: there is no such conversation
 * @param pages where the records lie
 * @param deletedSeqs messages whose bodies no reader gets any more
 */
public record HistoryIndex(long headSeq, PageIndex pages, SortedSet<Long> deletedSeqs) {
  /** Readers get this event without its body: it was deleted, or is an edit of what was deleted. */
  public boolean isCut(Event event) {
    return deletedSeqs.contains(event.getSeq())
        || (event.hasEdit() && deletedSeqs.contains(event.getEdit().getTargetSeq()));
  }
}
