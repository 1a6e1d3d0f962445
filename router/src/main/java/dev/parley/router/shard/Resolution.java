package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.ShardLog.Tail;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what lies between the last record that an owner knew and its new fence, in order. A record that is not found
 * there means a reader that is behind: it is asked again, and never taken for "not stored".
 *
 * <p>Belongs to the shard's thread.
 */
final class Resolution {
  private static final Logger LOG = LoggerFactory.getLogger(Resolution.class);
  private static final Duration RETRY = Duration.ofMillis(5);
  private static final Duration MOST_RETRY = Duration.ofMillis(80);

  private final ShardContext context;
  private final Listener listener;
  /** The last position that was known when it began, and which record lay there. */
  private final long known;

  private final ByteString knownId;
  private final long tail;
  private long first;
  private Duration retry = RETRY;
  private boolean over;

  /** Who is told what was found. */
  interface Listener {
    /** The next record. */
    void found(StoredRecord record);

    /** Something between what was known and what is found next is missing for ever, or was never as it is known. */
    void lostSight();

    /** Everything was told. */
    void resolved();
  }

  /** What lies behind the known end, up to this tail. */
  Resolution(ShardContext context, LogEnd end, Tail tail, Listener listener) {
    this.context = context;
    this.known = end.position();
    this.knownId = end.recordId();
    this.first = tail.first();
    this.tail = tail.position();
    this.listener = listener;
  }

  void begin() {
    if (tail < known) {
      wentBack();
    } else {
      read(known); // once more, to see whether it is still the same log
    }
  }

  /** Tells nothing more. */
  void cancel() {
    over = true;
  }

  private void wentBack() {
    LOG.error("shard {}: the log went back to before position {}", context.shard(), known);
    listener.lostSight();
    end();
  }

  private void end() {
    over = true;
    listener.resolved();
  }

  private void read(long from) {
    if (from < first && first > known + 1) {
      LOG.warn("shard {}: the log was trimmed up to position {}", context.shard(), first);
      listener.lostSight();
    }
    long start = Math.max(from, first);
    if (start > tail) {
      end();
      return;
    }
    long end = Math.min(tail + 1, start + ShardLog.MAX_READ);
    context
        .log()
        .read(positions(start, end))
        .whenComplete(Completion.seen(
            (records, failure) -> {
              if (over) {
                return;
              }
              if (failure != null || records.contains(null)) {
                readAgain(start);
              } else {
                retry = RETRY;
                tell(records, end);
              }
            }));
  }

  private void tell(List<@Nullable StoredRecord> records, long end) {
    for (StoredRecord stored : records) {
      StoredRecord record = Objects.requireNonNull(stored);
      if (record.position() > known) {
        listener.found(record);
      } else if (!Tenure.parse(record).getRecordId().equals(knownId)) {
        wentBack();
        return;
      }
    }
    read(end);
  }

  /** Later, and with another look at where the log begins: it may have been trimmed since. */
  private void readAgain(long from) {
    Duration pause = retry;
    retry = pause.compareTo(MOST_RETRY) < 0 ? pause.multipliedBy(2) : pause;
    context
        .timer()
        .after(
            pause,
            () ->
                context
                    .log()
                    .tail()
                    .whenComplete(Completion.seen(
                        (tail, failure) -> {
                          if (over) {
                            return;
                          }
                          if (failure == null) {
                            first = Math.max(first, tail.first());
                            read(from);
                          } else {
                            readAgain(from);
                          }
                        })));
  }

  /** {@code from} to {@code end - 1}. */
  static long[] positions(long from, long end) {
    long[] positions = new long[(int) (end - from)];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = from + i;
    }
    return positions;
  }
}
