package dev.parley.conversation.history;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.Snapshot;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The two newest snapshots of each conversation, at its id with {@code .a} and {@code .b}. */
final class Snapshots {
  private static final Logger logger = LoggerFactory.getLogger(Snapshots.class);

  /** What a table takes. */
  private static final int MAX_BYTES = 512 * 1024;

  private final Table table;
  private final ExactReads reads;

  Snapshots(Table table, ExactReads reads) {
    this.table = table;
    this.reads = reads;
  }

  /** The snapshots that may count, the newest first. */
  CompletableFuture<List<Found>> newestFirst(String conversationId) {
    return slots(conversationId).thenApply(slots -> slots.stream()
        .flatMap(slot -> Stream.ofNullable(slot.found()))
        .sorted(Comparator.<Found>comparingLong(found -> found.state().headPosition()).reversed())
        .toList());
  }

  /**
   * A snapshot.
   *
   * @param trimmedAt where the log began when the snapshot's record turned out to be trimmed; 0: the log holds it
   */
  record Found(ConversationState state, long trimmedAt) {}

  /** Replaces the older of the two, or one that does not count, unless the newer one is as new as this state. */
  CompletableFuture<Void> save(ConversationState state) {
    byte[] bytes = state.toSnapshot().toByteArray();
    if (bytes.length > MAX_BYTES) {
      logger.warn(
          "No snapshot of {}: it has {} bytes, a table takes {}. Loading it reads all events since the last one.",
          state.conversationId(), bytes.length, MAX_BYTES);
      return CompletableFuture.completedFuture(null);
    }
    return slots(state.conversationId()).thenCompose(slots -> {
      Slot older = slots.stream().min(Comparator.comparingLong(Slot::position)).orElseThrow();
      if (slots.stream().anyMatch(slot -> slot.position() >= state.headPosition())) {
        return CompletableFuture.completedFuture(null);
      }
      return table.put(older.key(), bytes, older.revision()).handle((revision, failure) -> {
        if (failure != null && !isConflict(failure)) {
          throw new CompletionException(unwrapped(failure));
        }
        // After a conflict another owner has just written one: it serves as well.
        return null;
      });
    });
  }

  private CompletableFuture<List<Slot>> slots(String conversationId) {
    CompletableFuture<Slot> a = slot(conversationId, conversationId + ".a");
    CompletableFuture<Slot> b = slot(conversationId, conversationId + ".b");
    return a.thenCombine(b, List::of);
  }

  private CompletableFuture<Slot> slot(String conversationId, String key) {
    return table.get(key).thenCompose(entry -> {
      ConversationState state = entry == null ? null : parse(conversationId, key, entry.value());
      long revision = entry == null ? 0 : entry.revision();
      return state == null
          ? CompletableFuture.completedFuture(new Slot(key, revision, null))
          : confirmed(state).thenApply(found -> new Slot(key, revision, found));
    });
  }

  /**
   * Whether the log holds the snapshot's record where it says, or had it trimmed. If not, the log has gone back: null.
   */
  private CompletableFuture<@Nullable Found> confirmed(ConversationState state) {
    return reads.any(new long[] {state.headPosition()}).handle((records, failure) -> {
      if (failure == null) {
        return records.getFirst().record().getRecordId().equals(state.headRecordId()) ? new Found(state, 0) : null;
      }
      TrimmedException trimmed = TrimmedException.in(failure);
      if (trimmed != null) {
        return new Found(state, trimmed.firstKept());
      }
      if (unwrapped(failure) instanceof BrokenHistoryException broken) {
        logger.info("The snapshot of {} does not count: {}", state.conversationId(), broken.getMessage());
        return null;
      }
      throw new CompletionException(unwrapped(failure));
    });
  }

  private static @Nullable ConversationState parse(String conversationId, String key, byte[] value) {
    try {
      return ConversationState.fromSnapshot(conversationId, Snapshot.parseFrom(value));
    } catch (InvalidProtocolBufferException | IllegalArgumentException | IndexOutOfBoundsException e) {
      logger.warn("The snapshot at {} cannot be read; loading goes on without it.", key, e);
      return null;
    }
  }

  private static boolean isConflict(Throwable failure) {
    return unwrapped(failure) instanceof LogException e && e.kind() == LogException.Kind.CONFLICT;
  }

  private static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
  }

  /**
   * One of the two places.
   *
   * @param found null: none that can be read and that the log does not contradict
   */
  private record Slot(String key, long revision, @Nullable Found found) {
    /** Where the head record of the snapshot lies; 0: there is none that counts. */
    long position() {
      return found == null ? 0 : found.state().headPosition();
    }
  }
}
