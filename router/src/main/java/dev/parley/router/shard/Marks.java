package dev.parley.router.shard;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.log.MarkLog;
import dev.parley.router.shard.ReadMarks.Mark;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Receipt;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes read marks, tells receipts and writes what changed: both coalesced, both off the way of messages. Belongs to
 * the shard's thread.
 */
final class Marks {
  private static final Logger LOG = LoggerFactory.getLogger(Marks.class);
  private static final Duration RETRY = Duration.ofMillis(200);
  private static final int MARKS_PER_MESSAGE = 1_000;

  /** Above so many members a receipt goes to a message's author only, as a count. */
  static final int RECEIPTS_BY_NAME = 64;

  private final ShardContext context;
  private final MarkLog log;
  private final Conversations conversations;
  private final ShardTail tail;
  private final Feed feed;
  private final ReadMarks marks = new ReadMarks();
  private final Map<String, Set<String>> toTell = new LinkedHashMap<>();
  private final CompletableFuture<Void> loaded = new CompletableFuture<>();
  private boolean writing;

  Marks(ShardContext context, MarkLog log, Conversations conversations, ShardTail tail, Feed feed) {
    this.context = context;
    this.log = log;
    this.conversations = conversations;
    this.tail = tail;
    this.feed = feed;
  }

  /** Reads all marks of the shard, again and again until the broker answers. */
  void start() {
    log.readAll(
            context.shard(),
            message -> {
              try {
                marks.fold(message.bytes(), message.position());
              } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException("read marks at position " + message.position() + " are not readable", e);
              }
            })
        .whenComplete(Completion.seen(
            (done, failure) -> {
              if (failure == null) {
                loaded.complete(null);
              } else {
                LOG.debug("shard {}: read marks could not be read, trying again", context.shard(), failure);
                context.timer().after(RETRY, this::start);
              }
            }));
  }

  /** Completed when the marks are there. */
  CompletableFuture<Void> loaded() {
    return loaded;
  }

  Mark get(String conversationId, String userId) {
    return marks.get(conversationId, userId);
  }

  /** Moves a mark forward; what lies above the newest readable event counts as that. */
  void mark(String userId, String conversationId, long seq, Consumer<MarkAnswer> reply) {
    loaded
        .thenCompose(ready -> conversations.loaded(conversationId))
        .thenCompose(entry -> advance(entry, userId, seq))
        .whenComplete(Completion.seen(
            (answer, failure) ->
                reply.accept(failure == null ? answer : new MarkAnswer.Refused(Refusals.refusal(failure)))));
  }

  private CompletableFuture<MarkAnswer> advance(ConversationEntry entry, String userId, long asked) {
    ConversationState state = Objects.requireNonNull(entry.state);
    if (state.member(userId) == null) {
      return CompletableFuture.completedFuture(
          new MarkAnswer.Refused(
              Refusal.of(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND, "no such conversation for this user")));
    }
    long seq = Math.min(asked, state.readableHead(userId));
    if (seq == state.headSeq()) {
      return CompletableFuture.completedFuture(advance(entry, userId, new Mark(seq, state.messageCount())));
    }
    return conversations
        .messageCount(entry, state, seq)
        .thenApply(count -> advance(entry, userId, new Mark(seq, count)));
  }

  private MarkAnswer advance(ConversationEntry entry, String userId, Mark mark) {
    long before = marks.get(entry.id, userId).seq();
    if (marks.advance(entry.id, userId, mark)) {
      if (entry.authors != null) {
        learn(entry.id, entry.authors);
        entry.authors.read(before, mark.seq());
      }
      toTell.computeIfAbsent(entry.id, id -> new LinkedHashSet<>()).add(userId);
    }
    Mark now = marks.get(entry.id, userId);
    ConversationState state = Objects.requireNonNull(entry.state);
    return new MarkAnswer.Marked(now.seq(), state.unread(userId, now.seq(), now.messageCount()));
  }

  /** Tells and writes what has changed since the last time. */
  void flush() {
    toTell.forEach(this::tell);
    toTell.clear();
    write();
  }

  private void tell(String conversationId, Set<String> users) {
    ConversationEntry entry = conversations.known(conversationId);
    if (entry == null || entry.state == null || !feed.isFollowed(conversationId)) {
      return;
    }
    if (entry.state.memberCount() > RECEIPTS_BY_NAME) {
      tellCounts(entry);
      return;
    }
    for (String user : users) {
      feed.receipt(
          Receipt.newBuilder()
              .setConversationId(conversationId)
              .setUserId(user)
              .setReadSeq(marks.get(conversationId, user).seq())
              .build(),
          null);
    }
  }

  /** In a large conversation: the newest message of each recent author, and how many have read it. */
  private void tellCounts(ConversationEntry entry) {
    RecentAuthors authors = entry.authors == null ? new RecentAuthors() : entry.authors;
    learn(entry.id, authors);
    if (entry.authors == null) {
      entry.authors = authors;
      marks.of(entry.id).values().forEach(mark -> authors.read(0, mark.seq()));
    }
    authors.tell(
        (author, seq, readers) ->
            feed.receipt(
                Receipt.newBuilder()
                    .setConversationId(entry.id)
                    .setReadSeq(seq)
                    .setReaderCount(readers)
                    .build(),
                author));
  }

  /** Takes in who has written since the last time, as far as the tail reaches back: each record once. */
  private void learn(String conversationId, RecentAuthors authors) {
    tail.after(conversationId, authors.lastSeq()).forEach(authors::wrote);
  }

  private void write() {
    ReadMarks.Message message = writing ? null : marks.next(MARKS_PER_MESSAGE);
    if (message == null) {
      return;
    }
    writing = true;
    log.append(context.shard(), message.bytes())
        .whenComplete(Completion.seen(
            (position, failure) -> {
              writing = false;
              if (failure != null) {
                marks.failed(message);
                LOG.debug("shard {}: read marks were not written, trying again", context.shard(), failure);
                return;
              }
              log.trim(context.shard(), marks.stored(message, position))
                  .exceptionally(
                      notTrimmed -> {
                        LOG.debug("shard {}: old read marks stay until the next writing", context.shard(), notTrimmed);
                        return null;
                      });
            }));
  }

  /** Everything is written, as far as the broker takes it. */
  boolean quiet() {
    return !writing && marks.clean();
  }
}
