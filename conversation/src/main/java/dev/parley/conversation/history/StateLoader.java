package dev.parley.conversation.history;

import dev.parley.conversation.ConversationState;
import dev.parley.conversation.PageIndex;
import dev.parley.conversation.Records;
import dev.parley.conversation.SnapshotMark;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Loads conversations of one shard: the newest record by key, from the leader; the newest snapshot that the log
 * confirms; and the records between the two, back along their links and then folded forward.
 *
 * <p>A snapshot whose own record was trimmed cannot be confirmed by it. It counts if the record that comes next in the
 * conversation names it as the one before, with its seq and message count, or if nothing of the conversation is left.
 *
 * <p>Thread-safe, keeps nothing. Futures complete on the log's threads and fail with a {@link
 * dev.parley.conversation.log.LogException}, a {@link BrokenHistoryException}, or an {@link UncoveredException} when
 * what made the state was trimmed and no snapshot covers it.
 */
public final class StateLoader {
  /** A snapshot is written when the records since the last one are this many times its size. */
  static final int TAIL_TO_SNAPSHOT = 4;

  /** A snapshot is not written for fewer events than this. */
  static final int MIN_TAIL_EVENTS = 256;

  private final ShardLog log;
  private final ExactReads reads;
  private final Snapshots snapshots;

  /** A loader that asks again as is right for a log with replicas. */
  public StateLoader(ShardLog log, Table snapshots) {
    this(log, snapshots, ReadRetry.DEFAULT);
  }

  /** A loader from this log and table. */
  public StateLoader(ShardLog log, Table snapshots, ReadRetry retry) {
    this.log = log;
    this.reads = new ExactReads(log, retry);
    this.snapshots = new Snapshots(snapshots, reads);
  }

  /** The conversation's stored state; the absent one if there is none. */
  public CompletableFuture<ConversationState> load(String conversationId) {
    // Once more, since a newer snapshot may have been written and the log trimmed while this was read.
    return read(conversationId).exceptionallyCompose(failure -> unwrapped(failure) instanceof UncoveredException
        ? read(conversationId)
        : CompletableFuture.failedFuture(failure));
  }

  private static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
  }

  private CompletableFuture<ConversationState> read(String conversationId) {
    return log.last(conversationId).thenCompose(last -> last == null
        ? trimmedAsAWhole(conversationId)
        : load(conversationId, LoggedRecord.parse(last)));
  }

  /** Nothing is left of it, or it never was: a snapshot whose record was trimmed makes the difference. */
  private CompletableFuture<ConversationState> trimmedAsAWhole(String conversationId) {
    return snapshots.newestFirst(conversationId).thenApply(found -> found.stream()
        .filter(snapshot -> snapshot.trimmedAt() > 0)
        .map(Snapshots.Found::state)
        .findFirst()
        .orElseGet(() -> ConversationState.absent(conversationId)));
  }

  /** Whether it is time for a snapshot. Costs nothing to ask. */
  public static boolean snapshotDue(ConversationState state) {
    return state.tailEvents() >= MIN_TAIL_EVENTS
        && state.tailBytes() >= TAIL_TO_SNAPSHOT * state.estimatedSnapshotBytes();
  }

  /**
   * Writes a snapshot of a stored state, in the place of the older of the last two.
   *
   * @return what to give to {@link ConversationState#withSnapshot}, also when the snapshot is too large to be stored or
   *     a newer one is there: the next try is due when the tail has grown again
   */
  public CompletableFuture<SnapshotMark> save(ConversationState state) {
    return snapshots.save(state).thenApply(done -> state.asSnapshotMark());
  }

  private CompletableFuture<ConversationState> load(String conversationId, LoggedRecord head) {
    return snapshots.newestFirst(conversationId).thenCompose(found -> load(conversationId, head, found));
  }

  /** Tries one snapshot after the other, and in the end without any. */
  private CompletableFuture<ConversationState> load(
      String conversationId, LoggedRecord head, List<Snapshots.Found> candidates) {
    Snapshots.Found candidate = candidates.isEmpty() ? null : candidates.getFirst();
    ConversationState base = candidate == null ? ConversationState.absent(conversationId) : candidate.state();
    return tail(base, head)
        .thenCompose(tail -> {
          if (candidate != null && candidate.trimmedAt() > 0 && !follows(base, tail)) {
            return load(conversationId, head, candidates.subList(1, candidates.size()));
          }
          ConversationState state = foldAll(base, tail);
          if (state.headPosition() != head.position()) {
            throw new BrokenHistoryException(head.position(), "the tail of " + conversationId + " ends elsewhere");
          }
          return CompletableFuture.completedFuture(state);
        })
        .exceptionallyCompose(failure -> {
          TrimmedException trimmed = TrimmedException.in(failure);
          return CompletableFuture.failedFuture(
              trimmed == null ? failure : new UncoveredException(conversationId, trimmed));
        });
  }

  /** Whether the oldest of these records, newest first, names the head of this state as the one before. */
  private static boolean follows(ConversationState base, List<LoggedRecord> newestFirst) {
    if (newestFirst.isEmpty()) {
      return false;
    }
    LoggedRecord next = newestFirst.getLast();
    long messages = 0;
    for (int i = 0; i < next.record().getEventsCount(); i++) {
      messages += Records.event(next.record(), i).hasMessage() ? 1 : 0;
    }
    return next.record().getPreviousPosition() == base.headPosition()
        && next.firstSeq() == base.headSeq() + 1
        && next.record().getMessageCount() - messages == base.messageCount();
  }

  /** The records after {@code base} up to the head, newest first. */
  private CompletableFuture<List<LoggedRecord>> tail(ConversationState base, LoggedRecord head) {
    List<LoggedRecord> newestFirst = new ArrayList<>();
    if (head.position() <= base.headPosition()) {
      return CompletableFuture.completedFuture(newestFirst);
    }
    newestFirst.add(head);
    return AsyncLoop.until(() -> back(base, newestFirst));
  }

  /** Adds the records before the oldest one: a whole page where it links to one, else one. */
  private CompletableFuture<@Nullable List<LoggedRecord>> back(
      ConversationState base, List<LoggedRecord> newestFirst) {
    LoggedRecord oldest = newestFirst.getLast();
    long[] linked = oldest.record().hasPageLinks()
        ? PageIndex.previousPage(oldest.record())
        : new long[] {oldest.record().getPreviousPosition()};
    long[] wanted =
        Arrays.stream(linked).filter(position -> position > base.headPosition()).toArray();
    if (wanted.length == 0) {
      return CompletableFuture.completedFuture(newestFirst);
    }
    return reads.all(oldest.record().getConversationId(), wanted).thenApply(records -> {
      newestFirst.addAll(records.reversed());
      return null;
    });
  }

  private static ConversationState foldAll(ConversationState base, List<LoggedRecord> newestFirst) {
    ConversationState state = base;
    for (LoggedRecord record : newestFirst.reversed()) {
      state = state.fold(record.record(), record.position(), record.encoded().size());
    }
    return state;
  }
}
