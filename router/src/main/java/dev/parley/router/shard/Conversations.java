package dev.parley.router.shard;

import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Decision;
import dev.parley.conversation.Facts;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Request;
import dev.parley.conversation.history.HistoryReader;
import dev.parley.conversation.history.StateLoader;
import dev.parley.conversation.history.UncoveredException;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The conversations of a shard that are in memory: loaded when somebody needs them, forgotten when nobody follows and
 * others need the room. Belongs to the shard's thread.
 */
final class Conversations {
  private static final Logger LOG = LoggerFactory.getLogger(Conversations.class);
  private static final int SEARCHING_USERS = 1_000;

  private final ShardContext context;
  private final StateLoader loader;
  private final HistoryReader history;
  private final ShardTail tail;
  private final LogStart start;
  /** Longest not used first. */
  private final LinkedHashMap<String, ConversationEntry> entries = new LinkedHashMap<>(64, 0.75f, true);
  /** How often users had the log searched; the longest not seen goes first. */
  private final LinkedHashMap<String, RateMeter> searches = new LinkedHashMap<>(16, 0.75f, true);
  /** Conversations to load as soon as the shard is settled; null: it is. */
  private @Nullable List<ConversationEntry> beforeSettled = new ArrayList<>();

  Conversations(ShardContext context, StateLoader loader, HistoryReader history, ShardTail tail) {
    this.context = context;
    this.loader = loader;
    this.history = history;
    this.tail = tail;
    this.start = new LogStart(context);
  }

  /** The conversation's entry, loaded or not. */
  ConversationEntry entry(String id) {
    ConversationEntry known = entries.get(id);
    if (known != null) {
      return known;
    }
    ConversationEntry added =
        new ConversationEntry(
            id, new RateMeter(context.limits().sendsPerSecond(), context.limits().sendsPerSecond()));
    forgetIdle();
    entries.put(id, added);
    return added;
  }

  /** The entry if it is in memory. */
  @Nullable ConversationEntry known(String id) {
    return entries.get(id);
  }

  /** Makes room for one more: drops the longest unused conversations, looking at a few only. */
  private void forgetIdle() {
    var oldestFirst = entries.values().iterator();
    for (int looked = 0; looked < 8 && entries.size() >= context.limits().loadedConversations(); looked++) {
      if (!oldestFirst.hasNext()) {
        return;
      }
      ConversationEntry oldest = oldestFirst.next();
      if (oldest.idle()) {
        oldestFirst.remove();
      }
    }
  }

  /** The conversation's stored state, loaded if need be. */
  CompletableFuture<ConversationEntry> loaded(String id) {
    ConversationEntry entry = entry(id);
    CompletableFuture<ConversationEntry> loaded = new CompletableFuture<>();
    load(
        entry,
        failure -> {
          if (failure == null) {
            loaded.complete(entry);
          } else {
            loaded.completeExceptionally(failure);
          }
        });
    return loaded;
  }

  /** Calls back when the entry has its state: at once if it has it already. */
  void load(ConversationEntry entry, java.util.function.Consumer<@Nullable Throwable> whenLoaded) {
    if (entry.state != null) {
      whenLoaded.accept(null);
      return;
    }
    if (entry.lost != null) {
      whenLoaded.accept(entry.lost);
      return;
    }
    entry.whenLoaded.add(whenLoaded);
    if (entry.loading) {
      return;
    }
    entry.loading = true;
    if (beforeSettled != null) {
      beforeSettled.add(entry);
    } else {
      readState(entry);
    }
  }

  /** The shard is owned: what the log says now is all there is. */
  void settled() {
    List<ConversationEntry> waiting = beforeSettled;
    beforeSettled = null;
    if (waiting != null) {
      waiting.forEach(this::readState);
    }
  }

  /** The stored states of those that were used last, of about so many bytes as snapshots. */
  List<ConversationState> lastUsed(long bytes) {
    List<ConversationState> states = new ArrayList<>();
    long left = bytes;
    for (ConversationEntry entry : entries.sequencedValues().reversed()) {
      if (entry.state != null) {
        left -= entry.state.estimatedSnapshotBytes();
        if (left < 0) {
          break;
        }
        states.add(entry.state);
      }
    }
    return states;
  }

  /** Takes over what another owner had in memory, those used last first. */
  void adopt(List<ConversationState> states) {
    for (ConversationState state : states.reversed()) {
      entry(state.conversationId()).state = state;
    }
  }

  /** What is in memory may not be what is on the log: every state is loaded again when somebody needs it. */
  void forgetStates() {
    start.forget();
    for (ConversationEntry entry : entries.values()) {
      entry.state = null;
      entry.lost = null;
      entry.firstSeqFrom = 0;
      entry.snapshot = null;
      entry.overtaken = entry.loading;
    }
  }

  private void readState(ConversationEntry entry) {
    loader
        .load(entry.id)
        .whenComplete(Completion.seen(
            (state, failure) -> {
              if (entry.overtaken) {
                entry.overtaken = false;
                readState(entry);
                return;
              }
              entry.loading = false;
              if (failure == null) {
                entry.state = state;
              }
              Throwable why = failure == null ? null : loadFailure(entry, failure);
              List<java.util.function.Consumer<@Nullable Throwable>> waiting = List.copyOf(entry.whenLoaded);
              entry.whenLoaded.clear();
              waiting.forEach(callback -> callback.accept(why));
            }));
  }

  /** What no waiting mends is logged once and kept, so that nobody makes the log be read for it again. */
  private Throwable loadFailure(ConversationEntry entry, Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    if (!(cause instanceof UncoveredException uncovered)) {
      return failure;
    }
    String incident = UUID.randomUUID().toString();
    LOG.error("shard {}: {}; incident {}", context.shard(), uncovered.getMessage(), incident);
    entry.lost = new LostConversationException(incident, uncovered);
    return entry.lost;
  }

  /** The first event of a loaded conversation that the log still has; the one after the head if there is none. */
  CompletableFuture<Long> firstSeq(ConversationEntry entry) {
    return start.recent().thenCompose(firstKept -> firstSeq(entry, firstKept));
  }

  private CompletableFuture<Long> firstSeq(ConversationEntry entry, long firstKept) {
    ConversationState state = entry.state;
    if (state == null || firstKept <= entry.firstSeqFrom) {
      return CompletableFuture.completedFuture(entry.firstSeq);
    }
    return history
        .firstSeq(entry.id, state.pages(), state.headSeq(), firstKept)
        .thenApply(
            first -> {
              entry.firstSeq = first;
              entry.firstSeqFrom = firstKept;
              return first;
            });
  }

  /** The log begins there, as a reading found. */
  void trimmedBefore(long firstKept) {
    start.saw(firstKept);
  }

  /** Keeps the entry, and so its state up to date, until the future is completed. */
  <T> CompletableFuture<T> keepUntil(ConversationEntry entry, CompletableFuture<T> future) {
    entry.inUse++;
    return future.whenComplete(Completion.seen((value, failure) -> entry.inUse--));
  }

  /** The event with this seq, its body cut if it was deleted; null: there is none, or it was trimmed. */
  CompletableFuture<@Nullable Event> event(ConversationEntry entry, ConversationState state, long seq) {
    if (seq < 1 || seq > state.headSeq()) {
      return CompletableFuture.completedFuture(null);
    }
    CommittedRecord recent = tail.find(entry.id, seq);
    if (recent != null) {
      return CompletableFuture.completedFuture(recent.event(seq));
    }
    return history.find(entry.id, state.pages(), seq);
  }

  /**
   * How many messages the conversation had up to this seq. Of a trimmed event nobody knows: the count before the first
   * event that is left stands for it.
   */
  CompletableFuture<Long> messageCount(ConversationEntry entry, ConversationState state, long seq) {
    return event(entry, state, seq)
        .thenCompose(
            event ->
                event != null
                    ? CompletableFuture.completedFuture(event.getMessageCount())
                    : firstSeq(entry).thenCompose(first -> messageCountBefore(entry, state, Math.max(first, seq + 1))));
  }

  private CompletableFuture<Long> messageCountBefore(ConversationEntry entry, ConversationState state, long seq) {
    if (seq > state.headSeq()) {
      return CompletableFuture.completedFuture(state.messageCount());
    }
    return event(entry, state, seq)
        .thenApply(event -> event == null ? 0 : event.getMessageCount() - (event.hasMessage() ? 1 : 0));
  }

  /** The record that holds this event, which must be below the head; null: it was trimmed. */
  CompletableFuture<@Nullable CommittedRecord> record(ConversationEntry entry, ConversationState state, long seq) {
    CommittedRecord recent = tail.find(entry.id, seq);
    if (recent != null) {
      return CompletableFuture.completedFuture(recent);
    }
    return history
        .read(entry.id, state.pages(), dev.parley.conversation.PageIndex.pageOf(seq))
        .thenApply(
            page -> {
              if (page.records().isEmpty() || page.records().getFirst().firstSeq() > seq) {
                return null;
              }
              return page.records().stream()
                  .filter(record -> record.holds(seq))
                  .findFirst()
                  .map(CommittedRecord::of)
                  .orElseThrow(() -> new IllegalStateException("no record holds seq " + seq + " of " + entry.id));
            });
  }

  /** Looks in the log for a client event id that may be older than what the state keeps. */
  CompletableFuture<Facts.Search> search(
      ConversationEntry entry, ConversationState state, Request request, Decision.NeedsSearch needs, Instant now) {
    RateMeter allowance =
        searches.computeIfAbsent(
            request.userId(),
            user ->
                new RateMeter(
                    context.limits().searchesPerMinute() / 60.0, context.limits().searchesPerMinute()));
    if (searches.size() > SEARCHING_USERS) {
      searches.pollFirstEntry();
    }
    if (!allowance.take(now)) {
      return CompletableFuture.failedFuture(
          new RefusedException(
              new Refusal(
                  ErrorReason.ERROR_REASON_RATE_LIMITED,
                  "too many commands with old client event ids: each makes the server search its log",
                  Map.of("limit", Integer.toString(context.limits().searchesPerMinute())),
                  allowance.wait(now))));
    }
    return history.search(entry.id, state.pages(), request.fingerprint(), needs.from(), needs.beforeSeq());
  }

  /** Writes a snapshot when the records since the last one are many. */
  void saveWhenDue(ConversationEntry entry) {
    ConversationState state = entry.state;
    if (state == null || entry.savingSnapshot || !StateLoader.snapshotDue(state)) {
      return;
    }
    entry.savingSnapshot = true;
    loader
        .save(state)
        .whenComplete(Completion.seen(
            (saved, failure) -> {
              entry.savingSnapshot = false;
              if (failure != null) {
                LOG.warn("shard {}: a snapshot was not written; the next record tries again", context.shard(), failure);
              } else if (entry.state != null) {
                entry.snapshot = saved;
                entry.state = entry.state.withSnapshot(saved);
              }
            }));
  }
}
