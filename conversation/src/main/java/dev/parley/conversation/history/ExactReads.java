package dev.parley.conversation.history;

import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads positions that must hold records of one conversation, and asks again for those that a reader lacks. What lies
 * before the beginning of the log was trimmed: that is a {@link TrimmedException} at once.
 */
final class ExactReads {
  private final ShardLog log;
  private final ReadRetry retry;

  ExactReads(ShardLog log, ReadRetry retry) {
    this.log = log;
    this.retry = retry;
  }

  /** The record at this position. */
  CompletableFuture<LoggedRecord> one(String conversationId, long position) {
    return all(conversationId, new long[] {position}).thenApply(List::getFirst);
  }

  /** The records at these positions, at most {@link ShardLog#MAX_READ}, in this order. */
  CompletableFuture<List<LoggedRecord>> all(String conversationId, long[] positions) {
    return any(positions).thenApply(records -> {
      for (LoggedRecord record : records) {
        if (!record.record().getConversationId().equals(conversationId)) {
          throw new BrokenHistoryException(
              record.position(), "position " + record.position() + " holds no record of " + conversationId);
        }
      }
      return records;
    });
  }

  /** The same, whosever records they are. */
  CompletableFuture<List<LoggedRecord>> any(long[] positions) {
    return new Reading(positions).run();
  }

  /** One read of some positions, over several attempts. Touched by one step at a time. */
  private final class Reading {
    private final long[] positions;
    private final @Nullable LoggedRecord[] found;
    private int attempt;

    Reading(long[] positions) {
      this.positions = positions;
      this.found = new LoggedRecord[positions.length];
    }

    CompletableFuture<List<LoggedRecord>> run() {
      if (positions.length == 0) {
        return CompletableFuture.completedFuture(List.of());
      }
      return AsyncLoop.until(this::attempt);
    }

    private CompletableFuture<@Nullable List<LoggedRecord>> attempt() {
      int[] missing = IntStream.range(0, positions.length).filter(i -> found[i] == null).toArray();
      long[] wanted = Arrays.stream(missing).mapToLong(i -> positions[i]).toArray();
      CompletableFuture<List<@Nullable StoredRecord>> read = attempt++ == 0
          ? log.read(wanted)
          : CompletableFuture.supplyAsync(() -> log.read(wanted), afterPause()).thenCompose(again -> again);
      return read.thenCompose(records -> take(missing, records));
    }

    private CompletableFuture<@Nullable List<LoggedRecord>> take(
        int[] missing, List<@Nullable StoredRecord> records) {
      long lacking = Long.MAX_VALUE;
      for (int i = 0; i < missing.length; i++) {
        StoredRecord stored = records.get(i);
        if (stored == null) {
          lacking = Math.min(lacking, positions[missing[i]]);
        } else {
          found[missing[i]] = LoggedRecord.parse(stored);
        }
      }
      return lacking == Long.MAX_VALUE ? CompletableFuture.completedFuture(complete()) : missed(lacking);
    }

    /** The leader tells where the log begins; it never tells more than was trimmed. Null: to be read again. */
    private CompletableFuture<@Nullable List<LoggedRecord>> missed(long lacking) {
      return log.tail().handle((tail, failure) -> {
        if (failure == null && lacking < tail.first()) {
          throw new TrimmedException(tail.first(), "position " + lacking + " was trimmed");
        }
        if (attempt >= retry.attempts()) {
          throw new BrokenHistoryException(lacking, "nothing at position " + lacking + " after " + attempt + " reads");
        }
        return null;
      });
    }

    private List<LoggedRecord> complete() {
      List<LoggedRecord> all = new ArrayList<>(found.length);
      for (LoggedRecord record : found) {
        if (record != null) {
          all.add(record);
        }
      }
      return all;
    }

    private Executor afterPause() {
      return retry.pause().isZero() ? Runnable::run : task -> retry.timer().after(retry.pause(), task);
    }
  }
}
