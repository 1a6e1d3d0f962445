package dev.parley.conversation;

import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.PageLinks;
import dev.parley.internal.v1.PageStart;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where a conversation's history begins to be found: the positions of the records of its newest page, and the starts of
 * the earlier pages that are reachable from it by jumps alone.
 *
 * <p>A page is {@value #PAGE_EVENTS} events: page 0 has seq 1 to 64. A page's first record links to all records of the
 * page before and to the first record of one much earlier page. Which one follows from the skew-binary rule, by which
 * the chain of jumps has O(log n) links and every page is reached in O(log n) steps.
 *
 * <p>Immutable.
 */
public final class PageIndex {
  /** How many events make a page. */
  public static final int PAGE_EVENTS = 64;

  /** Of a conversation without records. */
  public static final PageIndex EMPTY = new PageIndex(new long[0], List.of());

  private final long[] openPositions;
  private final List<PageStart> starts;

  private PageIndex(long[] openPositions, List<PageStart> starts) {
    this.openPositions = openPositions;
    this.starts = starts;
  }

  /** What a snapshot or an answer between routers kept. */
  public static PageIndex of(List<Long> openPositions, List<PageStart> starts) {
    return new PageIndex(openPositions.stream().mapToLong(Long::longValue).toArray(), List.copyOf(starts));
  }

  /** The number of the page that holds this seq. */
  public static long pageOf(long seq) {
    return (seq - 1) / PAGE_EVENTS;
  }

  /** The first seq of a page. */
  public static long firstSeqOf(long page) {
    return page * PAGE_EVENTS + 1;
  }

  /** The positions of the records of the page before the one that this record begins, growing. */
  public static long[] previousPage(LogRecord firstOfPage) {
    PageLinks links = firstOfPage.getPageLinks();
    long[] positions = new long[links.getPositionDeltasCount()];
    long position = firstOfPage.getPreviousPosition();
    for (int i = 0; i < positions.length; i++) {
      position -= links.getPositionDeltas(i);
      positions[positions.length - 1 - i] = position;
    }
    return positions;
  }

  /** Whether there are no records. */
  public boolean isEmpty() {
    return starts.isEmpty();
  }

  /** The newest page's number; not for an empty index. */
  public long openPage() {
    return starts.getFirst().getPage();
  }

  /** The positions of the records of the newest page, growing. A copy. */
  public long[] openPositions() {
    return openPositions.clone();
  }

  /** The newest page's first record and those reachable from it by jumps, newest first. */
  public List<PageStart> starts() {
    return starts;
  }

  /** The same after a record that begins with this seq was stored at this position. */
  PageIndex with(long firstSeq, long position) {
    long page = pageOf(firstSeq);
    if (!isEmpty() && page == openPage()) {
      long[] more = Arrays.copyOf(openPositions, openPositions.length + 1);
      more[openPositions.length] = position;
      return new PageIndex(more, starts);
    }
    if (firstSeq != firstSeqOf(page) || page != (isEmpty() ? 0 : openPage() + 1)) {
      throw new IllegalArgumentException("seq " + firstSeq + " does not follow the open page");
    }
    List<PageStart> chain = new ArrayList<>();
    chain.add(PageStart.newBuilder().setPage(page).setPosition(position).build());
    chain.addAll(starts.subList(isEmpty() ? 0 : jumpIndex(), starts.size()));
    return new PageIndex(new long[] {position}, List.copyOf(chain));
  }

  /** The links of the record that begins the next page. */
  PageLinks linksOfNextPage() {
    PageLinks.Builder links = PageLinks.newBuilder();
    links.addPositionDeltas(0);
    for (int i = openPositions.length - 1; i > 0; i--) {
      links.addPositionDeltas(openPositions[i] - openPositions[i - 1]);
    }
    PageStart jump = starts.get(jumpIndex());
    return links.setJumpPage(jump.getPage()).setJumpPosition(jump.getPosition()).build();
  }

  /**
   * To which of the starts the next page jumps: over two jumps of equal length at once, else to the page before it.
   */
  private int jumpIndex() {
    long page = pageAt(0);
    long jump = pageAt(1);
    long jumpOfJump = pageAt(2);
    return page - jump == jump - jumpOfJump ? Math.min(2, starts.size() - 1) : 0;
  }

  /** Page 0 jumps to itself. */
  private long pageAt(int index) {
    return starts.get(Math.min(index, starts.size() - 1)).getPage();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PageIndex that
        && Arrays.equals(openPositions, that.openPositions)
        && starts.equals(that.starts);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(openPositions) + starts.hashCode();
  }

  @Override
  public String toString() {
    return "PageIndex[open=" + Arrays.toString(openPositions) + ", starts=" + starts + "]";
  }
}
