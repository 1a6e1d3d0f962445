package dev.parley.router.shard;

import dev.parley.conversation.ConversationLimits;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Decider;
import dev.parley.conversation.Decision;
import dev.parley.conversation.Facts;
import dev.parley.conversation.Records;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.conversation.log.LogException;
import dev.parley.internal.v1.LogRecord;
import dev.parley.router.shard.ConversationEntry.Work;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one writer of a shard: decides commands in order of arrival, puts what is decided on the log as one record per
 * conversation and turn (group commit), answers when the record is acknowledged, and feeds it to the followers.
 *
 * <p>A state machine without I/O of its own: the log, the loader and the timer that it is given complete on the shard's
 * one thread, from which every method is called.
 */
final class ShardOwner implements Tenure.Listener {
  private static final Duration RETRY_SOON = Duration.ofMillis(500);

  private final ShardContext context;
  private final Conversations conversations;
  private final Tenure tenure;
  private final ShardTail tail;
  private final CommitListener commits;
  private final Feed feed;

  /** Conversations with commands to decide, each at most once, in order. */
  private final ArrayDeque<ConversationEntry> toDecide = new ArrayDeque<>();
  /** All commands without an outcome, in order of their deadlines. */
  private final ArrayDeque<Work> open = new ArrayDeque<>();

  private int openCount;
  private long openBytes;
  private @Nullable Batch batch;
  private boolean draining;
  private boolean deciding;

  /** Who follows the log for its projections. */
  interface CommitListener {
    /** The shard is owned from here on; everything below is on the log. */
    void settled(long ownerPosition);

    /** A record is on the log. Called in order of positions. */
    void committed(CommittedRecord record);
  }

  /** What one record holds, and what to tell whom when it is on the log. */
  private record Batch(
      ConversationEntry entry, ConversationState provisional, List<Event> events, List<Work> works, List<Outcome> outcomes) {}

  private record Outcome(Work work, Decision decision) {}

  ShardOwner(ShardContext context, Conversations conversations, ShardTail tail, Feed feed, CommitListener commits) {
    this.context = context;
    this.conversations = conversations;
    this.tail = tail;
    this.feed = feed;
    this.commits = commits;
    this.tenure =
        new Tenure(
            context.shard(), context.router(), context.log(), context.clock(), context.timer(), context.random(), this);
  }

  /** Takes the shard over. */
  void start() {
    tenure.settle();
  }

  /** No new commands; what waits is still decided. */
  void drain() {
    draining = true;
  }

  /** Nothing waits for an outcome. */
  boolean quiet() {
    return openCount == 0 && !tenure.appending();
  }

  void close() {
    tenure.close();
    Work work;
    while ((work = open.pollFirst()) != null) {
      finish(work, refused(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN, "the router stops", RETRY_SOON));
    }
  }

  /** Decides a command when its turn comes; the answer is given on the shard's thread. */
  void submit(Request request, int bytes, Consumer<Answer> reply) {
    Instant now = context.clock().instant();
    Answer.Refused refusal = admit(bytes);
    if (refusal != null) {
      reply.accept(refusal);
      return;
    }
    ConversationEntry entry = conversations.entry(request.conversationId());
    if (!entry.sends.take(now)) {
      reply.accept(
          refused(ErrorReason.ERROR_REASON_RATE_LIMITED, "too many commands in this conversation", entry.sends.wait(now)));
      return;
    }
    Work work = new Work(request, bytes, now.plus(context.limits().sendDeadline()), reply);
    entry.waiting.addLast(work);
    open.addLast(work);
    openCount++;
    openBytes += bytes;
    queue(entry);
    decideNext();
  }

  private Answer.@Nullable Refused admit(int bytes) {
    if (draining) {
      return refused(ErrorReason.ERROR_REASON_DRAINING, "this router is going away; open a new stream", RETRY_SOON);
    }
    if (!context.connected().getAsBoolean()) {
      return refused(
          ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE, "no connection to the broker; this attempt stored nothing", RETRY_SOON);
    }
    if (openCount >= context.limits().waitingCommands() || openBytes + bytes > context.limits().waitingBytes()) {
      return refused(ErrorReason.ERROR_REASON_OVERLOADED, "too many commands wait for the log", RETRY_SOON);
    }
    return null;
  }

  /** Ends commands whose deadline has passed. Called every few hundred milliseconds. */
  void tick() {
    Instant now = context.clock().instant();
    while (!open.isEmpty() && (open.peekFirst().answered || !open.peekFirst().deadline.isAfter(now))) {
      Work work = open.removeFirst();
      if (!work.answered) {
        finish(
            work,
            work.inFlight
                ? refused(
                    ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
                    "the broker has not answered in time; send the same id again to learn the outcome",
                    RETRY_SOON)
                : refused(
                    ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE,
                    "the broker took nothing until the deadline; this attempt stored nothing",
                    RETRY_SOON));
      }
    }
  }

  // ------------------------------------------------------------------ deciding

  private void queue(ConversationEntry entry) {
    if (!entry.queued && !entry.lookingUp && !entry.waiting.isEmpty()) {
      entry.queued = true;
      toDecide.addLast(entry);
    }
  }

  /** Decides until a record is in flight or nothing waits. What comes back at once joins the loop it comes from. */
  private void decideNext() {
    if (deciding) {
      return;
    }
    deciding = true;
    try {
      decideAll();
    } finally {
      deciding = false;
    }
  }

  private void decideAll() {
    while (tenure.ready() && batch == null && !toDecide.isEmpty()) {
      ConversationEntry entry = toDecide.removeFirst();
      entry.queued = false;
      if (entry.state == null) {
        conversations.load(
            entry,
            failure -> {
              if (failure != null) {
                refuseAll(entry, failure);
              } else {
                queue(entry);
                decideNext();
              }
            });
      } else {
        decide(entry, entry.state);
      }
    }
  }

  private void refuseAll(ConversationEntry entry, Throwable failure) {
    Answer.Refused refusal = Refusals.of(failure);
    Work work;
    while ((work = entry.waiting.pollFirst()) != null) {
      finish(work, refusal);
    }
  }

  /** Decides what waits in a conversation, as far as it fits into one record. */
  private void decide(ConversationEntry entry, ConversationState state) {
    Instant now = now();
    Batch next = new Batch(entry, state, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    long room = Records.roomInPage(state);
    int bytes = 0;
    ConversationState provisional = state;
    while (!entry.waiting.isEmpty() && next.events.size() < room && bytes < context.limits().recordBytes()) {
      Work work = entry.waiting.peekFirst();
      if (work.answered) {
        entry.waiting.removeFirst();
        continue;
      }
      if (work.request.command().hasDeletion() && !next.events.isEmpty()) {
        break; // what it erases must lie in earlier records: a conversation's newest one cannot be replaced
      }
      Decision decision =
          Decider.decide(
              provisional, work.request, facts(provisional, work), now, ConversationLimits.DEFAULT);
      if (decision instanceof Decision.NeedsTarget || decision instanceof Decision.NeedsSearch) {
        if (next.events.isEmpty()) {
          lookUp(entry, state, work, decision);
        }
        break;
      }
      entry.waiting.removeFirst();
      next.outcomes.add(new Outcome(work, decision));
      if (decision instanceof Decision.Append append) {
        provisional =
            provisional.with(append.event(), work.request.fingerprint(), work.request.bodyHash(), now);
        next.events.add(append.event());
        next.works.add(work);
        bytes += work.bytes;
      }
    }
    if (next.events.isEmpty()) {
      next.outcomes.forEach(outcome -> tellOutcome(entry, outcome, null));
    } else {
      append(new Batch(entry, provisional, next.events, next.works, next.outcomes), state, now);
    }
    queue(entry);
  }

  private Instant now() {
    return context.clock().instant();
  }

  private Facts facts(ConversationState state, Work work) {
    String peer = directPeer(state, work.request);
    boolean blocked = peer != null && context.blocks().test(work.request.userId(), peer);
    return blocked == work.facts.blocked() ? work.facts : work.facts.withBlocked(blocked);
  }

  /** The other user of a direct conversation; null: it is none. */
  private static @Nullable String directPeer(ConversationState state, Request request) {
    if (!state.exists()) {
      var create = request.command().getCreate();
      return create.getKind() == ConversationKind.CONVERSATION_KIND_DIRECT && create.getMemberIdsCount() == 1
          ? create.getMemberIds(0)
          : null;
    }
    return state.kind() == ConversationKind.CONVERSATION_KIND_DIRECT ? state.peerOf(request.userId()) : null;
  }

  private void append(Batch next, ConversationState before, Instant now) {
    List<Records.Ids> ids = next.works.stream().map(work -> Records.Ids.of(work.request)).toList();
    LogRecord record = Records.build(before, next.events, ids, tenure.term(), tenure.recordId(), now);
    // A refusal or a repetition in it may rest on what the record holds, so it is as uncertain as that.
    next.outcomes.forEach(outcome -> outcome.work.inFlight = true);
    batch = next;
    next.entry.appending = true;
    tenure.append(record);
  }

  /** Reads from the log what deciding the conversation's first command needs; the others wait behind it. */
  private void lookUp(ConversationEntry entry, ConversationState state, Work work, Decision needs) {
    entry.lookingUp = true;
    switch (needs) {
      case Decision.NeedsTarget target ->
          conversations
              .event(entry, state, target.seq())
              .whenComplete(Completion.seen(
                  (event, failure) ->
                      lookedUp(
                          entry,
                          work,
                          failure,
                          () -> work.facts.withTarget(
                              event == null ? Facts.Target.absent(target.seq()) : Facts.Target.of(event)))));
      case Decision.NeedsSearch search ->
          conversations
              .search(entry, state, work.request, search, now())
              .whenComplete(Completion.seen(
                  (found, failure) -> lookedUp(entry, work, failure, () -> work.facts.withSearch(found))));
      default -> throw new IllegalArgumentException("nothing to look up for " + needs);
    }
  }

  private void lookedUp(
      ConversationEntry entry, Work work, @Nullable Throwable failure, java.util.function.Supplier<Facts> facts) {
    entry.lookingUp = false;
    if (failure != null) {
      entry.waiting.remove(work);
      finish(work, Refusals.of(failure));
    } else {
      work.facts = facts.get();
    }
    queue(entry);
    decideNext();
  }

  // ------------------------------------------------------------------ outcomes

  @Override
  public void committed(LogRecord record, long position, int size, boolean mine) {
    Batch done = mine ? batch : null;
    CommittedRecord committed = new CommittedRecord(record, position, size, done == null ? null : done.events);
    ConversationEntry entry = conversations.entry(record.getConversationId());
    ConversationState state = entry.state;
    if (done != null) {
      batch = null;
      entry.appending = false;
      ConversationState stored = done.provisional.stored(record, position, size);
      // A snapshot that was saved while the record was in flight is not known to the provisional state.
      entry.state = entry.snapshot == null ? stored : stored.withSnapshot(entry.snapshot);
    } else if (state != null && state.headPosition() < position) {
      entry.state = state.fold(record, position, size);
    } else if (state == null) {
      entry.overtaken = entry.loading;
    }
    tail.add(committed);
    for (Event event : committed.events()) {
      if (event.hasDeletion()) {
        tail.cut(entry.id, event.getDeletion().getTargetSeq());
      }
    }
    commits.committed(committed);
    feed.committed(committed);
    if (done != null) {
      done.outcomes.forEach(outcome -> tellOutcome(entry, outcome, committed));
    }
    conversations.saveWhenDue(entry);
    queue(entry);
    decideNext();
  }

  @Override
  public void notStored(LogException.Kind why) {
    Batch failed = batch;
    batch = null;
    if (failed == null) {
      return;
    }
    failed.entry.appending = false;
    if (why == LogException.Kind.CONFLICT) {
      // Decided anew in order of arrival, on what the log says now.
      for (int i = failed.outcomes.size() - 1; i >= 0; i--) {
        Work work = failed.outcomes.get(i).work;
        work.inFlight = false;
        work.facts = Facts.NONE;
        failed.entry.waiting.addFirst(work);
      }
    } else {
      Answer.Refused refusal = Refusals.of(new LogException(why, "the broker did not take the record"));
      failed.outcomes.forEach(outcome -> finish(outcome.work, refusal));
    }
    queue(failed.entry);
    decideNext();
  }

  @Override
  public void settled(long ownerPosition) {
    commits.settled(ownerPosition);
    conversations.settled();
    decideNext();
  }

  private void tellOutcome(ConversationEntry entry, Outcome outcome, @Nullable CommittedRecord committed) {
    switch (outcome.decision) {
      case Decision.Append append ->
          finish(
              outcome.work,
              stored(java.util.Objects.requireNonNull(committed), append.event(), false));
      case Decision.Repeated repeated -> answerRepeated(entry, outcome.work, repeated.seq());
      case Decision.Refused refused -> finish(outcome.work, new Answer.Refused(refused.refusal()));
      case Decision.NeedsTarget needs -> throw new IllegalStateException("undecided: " + needs);
      case Decision.NeedsSearch needs -> throw new IllegalStateException("undecided: " + needs);
    }
  }

  private void answerRepeated(ConversationEntry entry, Work work, long seq) {
    conversations
        .record(entry, java.util.Objects.requireNonNull(entry.state), seq)
        .whenComplete(Completion.seen(
            (record, failure) ->
                finish(
                    work,
                    failure == null
                        ? stored(record, record.event(seq), true)
                        : refused(
                            ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
                            "it was stored before, but cannot be read now; send the same id again",
                            RETRY_SOON))));
  }

  private static Answer.Stored stored(CommittedRecord record, Event event, boolean repeated) {
    Cursor cursor =
        Cursor.newBuilder().setSeq(event.getSeq()).setPosition(record.position()).setTerm(record.term()).build();
    return new Answer.Stored(cursor, event.getTime(), event.getMessageCount(), repeated, event);
  }

  private void finish(Work work, Answer answer) {
    if (!work.answered) {
      openCount--;
      openBytes -= work.bytes;
      work.answer(answer);
    }
    while (!open.isEmpty() && open.peekFirst().answered) {
      open.removeFirst();
    }
  }

  private static Answer.Refused refused(ErrorReason reason, String message, Duration retryAfter) {
    return new Answer.Refused(new Refusal(reason, message, Map.of(), retryAfter));
  }
}
