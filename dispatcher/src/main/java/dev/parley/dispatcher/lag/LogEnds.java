package dev.parley.dispatcher.lag;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/** Where a shard ended when the broker was asked, as far as it is not dealt with. Belongs to one thread. */
public final class LogEnds {
  /** An hour of ends of a shard that stands still; then the newest gives way to the next. */
  private static final int MOST = 720;

  private final Deque<End> ends = new ArrayDeque<>();
  private Instant dealtWith;

  private record End(long position, Instant asked) {}

  /** None yet. {@code since}: nothing that was on the log before is looked at. */
  public LogEnds(Instant since) {
    dealtWith = since;
  }

  /**
   * The broker has said where the shard ends.
   *
   * @param asked when
   * @param acknowledged all up to this position is dealt with
   */
  public void seen(long position, Instant asked, long acknowledged) {
    if (ends.size() == MOST) {
      ends.removeLast();
    }
    ends.add(new End(position, asked));
    while (!ends.isEmpty() && ends.peek().position() <= acknowledged) {
      dealtWith = ends.poll().asked();
    }
  }

  /** All that was on the log then is dealt with. */
  public Instant dealtWith() {
    return dealtWith;
  }
}
