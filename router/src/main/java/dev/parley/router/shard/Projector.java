package dev.parley.router.shard;

import dev.parley.conversation.ConversationState;
import dev.parley.conversation.PageIndex;
import dev.parley.conversation.history.HistoryReader;
import dev.parley.conversation.history.LoggedRecord;
import dev.parley.conversation.history.PageWalk;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.Table;
import dev.parley.conversation.log.Wakes;
import dev.parley.internal.v1.WakeNotice;
import dev.parley.v1.Event;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what follows from records that are on the log, in their order and off their way: users' conversation lists, and
 * the erasing of deleted bodies. Remembers in a table how far it has come; after a restart it goes on from there, and
 * what it does twice does no harm.
 *
 * <p>Belongs to the shard's thread.
 */
final class Projector {
  private static final Logger LOG = LoggerFactory.getLogger(Projector.class);
  private static final Duration RETRY = Duration.ofMillis(200);
  private static final int USERS_AT_A_TIME = 32;

  private final ShardContext context;
  private final ConversationLists lists;
  private final Conversations conversations;
  private final HistoryReader history;
  private final Table progress;
  private final Wakes wakes;

  private final ProjectionLane memberships;
  private final ProjectionLane erasures;
  private boolean started;
  /** What a router before this one left undone is in the lanes. */
  private final CompletableFuture<Void> caughtUp = new CompletableFuture<>();
  private long newest;
  private long saved;
  private long savedRevision;
  private boolean saving;

  Projector(
      ShardContext context,
      ConversationLists lists,
      Conversations conversations,
      HistoryReader history,
      Table progress,
      Wakes wakes) {
    this.context = context;
    this.lists = lists;
    this.conversations = conversations;
    this.history = history;
    this.progress = progress;
    this.wakes = wakes;
    this.memberships = new ProjectionLane("conversation lists", context, this::list);
    this.erasures = new ProjectionLane("erasures", context, this::erase);
  }

  /** The shard is owned from here on. */
  void settled(long ownerPosition) {
    newest = Math.max(newest, ownerPosition);
    if (!started) {
      started = true;
      readProgress(ownerPosition);
    }
  }

  private void readProgress(long ownerPosition) {
    progress
        .get(key())
        .whenComplete(Completion.seen(
            (entry, failure) -> {
              if (failure != null) {
                context.timer().after(RETRY, () -> readProgress(ownerPosition));
                return;
              }
              if (entry != null) {
                saved = Long.parseLong(new String(entry.value(), StandardCharsets.US_ASCII));
                savedRevision = entry.revision();
              }
              redo(saved + 1, ownerPosition, new ArrayList<>());
            }));
  }

  /** Collects what lies between the remembered position and the take-over, then puts it before what came since. */
  private void redo(long from, long end, List<CommittedRecord> missed) {
    if (from >= end) {
      memberships.open(missed.stream().filter(Projector::changesMembers).toList());
      erasures.open(missed.stream().filter(Projector::deletes).toList());
      caughtUp.complete(null);
      return;
    }
    long to = Math.min(end, from + ShardLog.MAX_READ);
    long[] positions = new long[(int) (to - from)];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = from + i;
    }
    context
        .log()
        .read(positions)
        .whenComplete(Completion.seen(
            (records, failure) -> {
              if (failure != null || records.contains(null)) {
                // A missing record below an acknowledged one was trimmed, or means a stale reader.
                context.timer().after(RETRY, () -> redoFromStart(from, end, missed));
                return;
              }
              for (StoredRecord stored : records) {
                CommittedRecord record = CommittedRecord.of(Objects.requireNonNull(stored));
                if (changesMembers(record) || deletes(record)) {
                  missed.add(record);
                }
              }
              redo(to, end, missed);
            }));
  }

  /** What was trimmed cannot be redone: memberships that began or ended there are listed as they were before. */
  private void redoFromStart(long from, long end, List<CommittedRecord> missed) {
    context
        .log()
        .tail()
        .whenComplete(Completion.seen(
            (tail, failure) -> {
              if (failure == null && tail.first() > from) {
                LOG.warn("shard {}: positions {} to {} were trimmed before they were projected",
                    context.shard(), from, Math.min(tail.first(), end) - 1);
              }
              redo(failure == null ? Math.max(from, Math.min(tail.first(), end)) : from, end, missed);
            }));
  }

  /** A record is on the log. Called in order of positions. */
  void committed(CommittedRecord record) {
    newest = record.position();
    if (changesMembers(record)) {
      memberships.add(record);
    }
    if (deletes(record)) {
      erasures.add(record);
    }
  }

  private static boolean changesMembers(CommittedRecord record) {
    return record.events().stream().anyMatch(event -> !memberships(event).isEmpty());
  }

  private static boolean deletes(CommittedRecord record) {
    return record.events().stream().anyMatch(Event::hasDeletion);
  }

  /** Users whose membership an event changes, and whether they are members after it. */
  private static Map<String, Boolean> memberships(Event event) {
    Map<String, Boolean> changes = new LinkedHashMap<>();
    switch (event.getBodyCase()) {
      case CREATED -> {
        changes.put(event.getSenderId(), true);
        event.getCreated().getMemberIdsList().forEach(user -> changes.put(user, true));
      }
      case MEMBERS_ADDED -> event.getMembersAdded().getUserIdsList().forEach(user -> changes.put(user, true));
      case MEMBER_JOINED -> changes.put(event.getSenderId(), true);
      case MEMBER_REMOVED -> changes.put(event.getMemberRemoved().getUserId(), false);
      case MEMBER_LEFT -> changes.put(event.getSenderId(), false);
      default -> {}
    }
    return changes;
  }

  private CompletableFuture<Void> list(CommittedRecord record) {
    Map<String, Boolean> changes = new LinkedHashMap<>();
    // Whoever was a member for a while is told, even if the same record ends it again: there is something to read.
    Set<String> added = new HashSet<>();
    for (Event event : record.events()) {
      memberships(event)
          .forEach(
              (user, member) -> {
                changes.put(user, member);
                if (member) {
                  added.add(user);
                }
              });
    }
    CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
    List<Map.Entry<String, Boolean>> users = List.copyOf(changes.entrySet());
    for (int from = 0; from < users.size(); from += USERS_AT_A_TIME) {
      List<Map.Entry<String, Boolean>> some = users.subList(from, Math.min(users.size(), from + USERS_AT_A_TIME));
      all = all.thenCompose(before -> list(record, some, added));
    }
    return all;
  }

  private CompletableFuture<Void> list(
      CommittedRecord record, List<Map.Entry<String, Boolean>> users, Set<String> added) {
    return CompletableFuture.allOf(
        users.stream()
            .map(
                user ->
                    lists
                        .apply(
                            user.getKey(), record.conversationId(), user.getValue(), record.position(), record.term())
                        .thenRun(
                            () -> {
                              if (added.contains(user.getKey())) {
                                wakes.wake(user.getKey(), added(record.conversationId()));
                              }
                            }))
            .toArray(CompletableFuture[]::new));
  }

  private static byte[] added(String conversationId) {
    return WakeNotice.newBuilder().setAdded(conversationId).build().toByteArray();
  }

  private CompletableFuture<Void> erase(CommittedRecord record) {
    CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
    for (Event event : record.events()) {
      if (event.hasDeletion()) {
        all = all.thenCompose(before -> erase(record.conversationId(), event));
      }
    }
    return all;
  }

  /** Replaces every record that holds the deleted message, or an edit of it, by its copy without the body. */
  private CompletableFuture<Void> erase(String conversationId, Event deletion) {
    return conversations
        .loaded(conversationId)
        .thenCompose(
            entry -> {
              ConversationState state = Objects.requireNonNull(entry.state);
              return conversations
                  .firstSeq(entry)
                  .thenCompose(
                      left -> {
                        long first = PageIndex.pageOf(Math.max(left, deletion.getDeletion().getTargetSeq()));
                        return eraseFrom(
                            state, history.forward(conversationId, state.pages(), first), deletion.getSeq());
                      });
            })
        .exceptionallyCompose(failure -> unlessLost(failure));
  }

  /** A conversation that cannot be loaded any more must not keep the others waiting. */
  private static CompletableFuture<Void> unlessLost(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    return cause instanceof LostConversationException
        ? CompletableFuture.completedFuture(null)
        : CompletableFuture.failedFuture(failure);
  }

  private CompletableFuture<Void> eraseFrom(ConversationState state, PageWalk walk, long deletionSeq) {
    return walk.next()
        .thenCompose(
            page -> {
              if (page == null || PageIndex.firstSeqOf(page.number()) > deletionSeq) {
                return CompletableFuture.completedFuture(null);
              }
              CompletableFuture<Void> erased = CompletableFuture.completedFuture(null);
              for (LoggedRecord logged : page.records()) {
                CommittedRecord record = CommittedRecord.of(logged);
                CommittedRecord cut = record.cutWhere(state::isCut);
                if (cut != record) {
                  erased =
                      erased.thenCompose(
                          before -> context.log().replace(cut.position(), cut.record().toByteArray()));
                }
              }
              return erased.thenCompose(before -> eraseFrom(state, walk, deletionSeq));
            });
  }

  /** Completed when the user's list holds everything that is committed now. */
  CompletableFuture<Void> listed(String userId) {
    return caughtUp.thenCompose(
        done ->
            memberships.after(
                record -> record.events().stream().anyMatch(event -> memberships(event).containsKey(userId))));
  }

  /** Remembers how far it has come, if that is news. Called every few seconds, and before the end. */
  CompletableFuture<Void> save() {
    long position = Math.min(memberships.doneUpTo(newest), erasures.doneUpTo(newest));
    if (saving || !caughtUp.isDone() || position == saved) {
      return CompletableFuture.completedFuture(null);
    }
    saving = true;
    return progress
        .put(key(), Long.toString(position).getBytes(StandardCharsets.US_ASCII), savedRevision)
        .handle((revision, failure) -> saved(position, revision, failure));
  }

  private @Nullable Void saved(long position, @Nullable Long revision, @Nullable Throwable failure) {
    saving = false;
    if (failure == null && revision != null) {
      saved = position;
      savedRevision = revision;
    } else {
      LOG.debug("shard {}: progress was not written; it is tried again", context.shard(), failure);
      progress.get(key()).thenAccept(entry -> savedRevision = entry == null ? 0 : entry.revision());
    }
    return null;
  }

  /** Another owner goes on from what was remembered last. */
  void close() {
    memberships.close();
    erasures.close();
  }

  private String key() {
    return Integer.toString(context.shard());
  }
}
