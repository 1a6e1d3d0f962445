package dev.parley.bench.history;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one client received of one conversation, in the order in which it came. */
final class Track {
  /** Four longs an entry: kind, seq, identity, body. */
  private static final int WIDTH = 4;

  static final long RECEIVED = 0;
  static final long RESUMED = 1;
  static final long RESET = 2;
  static final long TRIMMED = 3;

  private final LongList entries = new LongList();
  private final List<Head> heads = new ArrayList<>();
  private @Nullable Ranges announced;
  /** When the client's session began, or an earlier one; null: not known. */
  private @Nullable Long sessionNanos;

  /**
   * What the server said was the newest event.
   *
   * @param sessionNanos when the client's session began, or earlier
   * @param readable what the server said may be read
   */
  record Head(long sessionNanos, long seq, Ranges readable) {}

  void received(long seq, long identity, long body) {
    add(RECEIVED, seq, identity, body);
  }

  /** From here on events come after this seq: a new session, which begins now. */
  void resumed(long afterSeq, long nanos) {
    sessionNanos = nanos;
    resumed(afterSeq);
  }

  /** From here on events come after this seq. */
  void resumed(long afterSeq) {
    add(RESUMED, afterSeq, 0, 0);
  }

  /** From here on events come after this seq: the server says that the log does not hold what the client has. */
  void reset(long afterSeq) {
    add(RESET, afterSeq, 0, 0);
  }

  /** From here on events come after this seq: the server says that those in between are not on the log any more. */
  void trimmed(long afterSeq) {
    add(TRIMMED, afterSeq, 0, 0);
  }

  /** What may be read, as the server says. */
  void readable(Ranges ranges) {
    announced = announced == null ? ranges : ranges.behind(announced);
  }

  /** The newest event in what may be read, as the server says. */
  void head(long seq) {
    if (sessionNanos != null) {
      heads.add(new Head(sessionNanos, seq, announced()));
    }
  }

  /** The heads that were told in sessions of which the beginning is known. */
  List<Head> heads() {
    return heads;
  }

  Ranges announced() {
    return announced == null ? Ranges.ALL : announced;
  }

  int size() {
    return entries.size() / WIDTH;
  }

  long kind(int entry) {
    return entries.get(entry * WIDTH);
  }

  long seq(int entry) {
    return entries.get(entry * WIDTH + 1);
  }

  long identity(int entry) {
    return entries.get(entry * WIDTH + 2);
  }

  long body(int entry) {
    return entries.get(entry * WIDTH + 3);
  }

  private void add(long kind, long seq, long identity, long body) {
    entries.add(kind);
    entries.add(seq);
    entries.add(identity);
    entries.add(body);
  }
}
