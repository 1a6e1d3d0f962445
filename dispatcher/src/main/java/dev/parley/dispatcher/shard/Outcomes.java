package dev.parley.dispatcher.shard;

import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.internal.v1.DispatchRecord;
import dev.parley.internal.v1.PushOutcome;
import dev.parley.internal.v1.Withdrawal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what was done with one shard to the dispatchers' log, many outcomes in one message and one message at a time;
 * what is written is acknowledged. A position counts as dealt with only when the outcomes that it waited for are written
 * with it. Belongs to the dispatcher's thread.
 */
final class Outcomes {
  private static final Logger LOG = LoggerFactory.getLogger(Outcomes.class);

  /** How long outcomes wait for others. */
  private static final Duration GATHERING = Duration.ofMillis(250);

  /** How long a position that moved without any outcome waits to be written. */
  private static final Duration QUIET = Duration.ofSeconds(5);

  /** Some 200 bytes each, at most 700: below what a message may have. */
  private static final int MOST_IN_MESSAGE = 500;

  /** So many positions are not kept waiting: the feed stops at 4,096. */
  private static final int MOST_UNWRITTEN = 1_024;

  private final int shard;
  private final Surroundings around;
  private final Progress progress;
  private final Runnable onLost;
  private final Deque<PushOutcome> outcomes = new ArrayDeque<>();
  private final Deque<Withdrawal> withdrawals = new ArrayDeque<>();
  private LongConsumer feed = position -> {};
  private Instant written;
  private long writtenPosition;
  private boolean writing;
  /** What goes behind what somebody else has written, when that is known. */
  private @Nullable DispatchRecord unwritten;
  private @Nullable CompletableFuture<Void> finished;
  private boolean closed;

  Outcomes(int shard, Surroundings around, Progress progress, Runnable onLost) {
    this.shard = shard;
    this.around = around;
    this.progress = progress;
    this.onLost = onLost;
    this.written = around.clock().instant();
    this.writtenPosition = progress.done();
  }

  void acknowledge(LongConsumer acknowledged) {
    feed = acknowledged;
  }

  boolean isOf(int number, String conversationId) {
    return ConversationIds.shardOf(conversationId, around.broker().layout().shards()) == number;
  }

  void add(PushOutcome outcome) {
    around.history().told(outcome, around.clock().instant());
    outcomes.add(outcome);
  }

  /** What waited for the outcome that was added last is dealt with. */
  void done(List<Long> positions) {
    positions.forEach(progress::less);
  }

  void withdrawn(String userId, String conversationId, long seq) {
    withdrawals.add(
        Withdrawal.newBuilder().setUserId(userId).setConversationId(conversationId).setSeq(seq).build());
  }

  void tick() {
    Duration since = Duration.between(written, around.clock().instant());
    boolean news = !outcomes.isEmpty() || !withdrawals.isEmpty();
    boolean moved = progress.done() > writtenPosition;
    if (news && (since.compareTo(GATHERING) >= 0 || outcomes.size() >= MOST_IN_MESSAGE)
        || moved && since.compareTo(QUIET) >= 0
        || progress.done() - writtenPosition >= MOST_UNWRITTEN) {
      write();
    }
  }

  private void write() {
    if (writing || closed) {
      return;
    }
    writing = true;
    DispatchRecord.Builder record =
        DispatchRecord.newBuilder()
            .setDispatcher(around.self())
            .setTime(Timestamps.of(around.clock().instant()));
    List<PushOutcome> taken = new ArrayList<>();
    while (!outcomes.isEmpty() && taken.size() < MOST_IN_MESSAGE) {
      taken.add(outcomes.poll());
    }
    List<Withdrawal> back = new ArrayList<>();
    while (!withdrawals.isEmpty() && back.size() < MOST_IN_MESSAGE) {
      back.add(withdrawals.poll());
    }
    // The position rests on outcomes that may still be waiting: then it is not written with these.
    long position = outcomes.isEmpty() ? progress.done() : writtenPosition;
    append(record.addAllPushes(taken).addAllWithdrawals(back).setPosition(position).build());
  }

  private void append(DispatchRecord record) {
    byte[] bytes = record.toByteArray();
    long behind = around.history().newest(shard);
    around.on(
        around.broker().dispatch().append(shard, bytes, behind),
        (place, failure) -> appended(record, bytes, behind, place, failure));
  }

  private void appended(
      DispatchRecord record, byte[] bytes, long behind, @Nullable Long place, @Nullable Throwable failure) {
    if (place != null) {
      around.history().fold(shard, new StoredRecord(place, bytes));
      written = around.clock().instant();
      writtenPosition = record.getPosition();
      feed.accept(record.getPosition());
      writing = false;
      if (outcomes.size() >= MOST_IN_MESSAGE || finished != null && !outcomes.isEmpty()) {
        write();
      } else if (finished != null) {
        finished.complete(null);
      }
      return;
    }
    if (closed) {
      return;
    }
    LOG.debug("shard {}: not written; it is tried again", shard, failure);
    if (!(failure instanceof LogException log && log.kind() == LogException.Kind.CONFLICT)) {
      around.after(GATHERING, () -> retry(record));
    } else if (around.history().newest(shard) != behind) {
      append(record); // it was just told who has written
    } else {
      // Somebody else has written, or what was thought lost was stored: the log will tell which.
      unwritten = record;
      around.after(GATHERING, () -> find(behind));
    }
  }

  /** The log has not told who has written: it may have dropped the newest message that was known. */
  private void find(long behind) {
    if (closed || unwritten == null || around.history().newest(shard) != behind) {
      return;
    }
    around.on(
        around.broker().dispatch().newest(shard),
        (newest, failure) -> {
          if (newest != null && newest < behind && around.history().newest(shard) == behind) {
            LOG.info("shard {}: the dispatchers' log has dropped its newest message", shard);
            around.history().newestIs(shard, newest);
            historyMoved();
          } else {
            around.after(GATHERING, () -> find(behind));
          }
        });
  }

  private void retry(DispatchRecord record) {
    if (!closed) {
      append(record);
    }
  }

  /** The dispatchers' log has moved. */
  void historyMoved() {
    if (closed) {
      return;
    }
    if (!around.history().dispatcher(shard).equals(around.self())) {
      onLost.run();
      return;
    }
    DispatchRecord record = unwritten;
    unwritten = null;
    if (record != null) {
      append(record);
    }
  }

  /** Writes the rest. */
  CompletableFuture<Void> finish() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    finished = done;
    if (!writing) {
      if (outcomes.isEmpty() && withdrawals.isEmpty() && progress.done() == writtenPosition) {
        done.complete(null);
      } else {
        write();
      }
    }
    return done;
  }

  void close() {
    closed = true;
    if (finished != null) {
      finished.complete(null);
    }
  }
}
