package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import dev.parley.chassis.telemetry.Traced;
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
import dev.parley.router.feed.Handover;
import dev.parley.router.shard.ConversationEntry.Work;
import dev.parley.v1.Command;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Term;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one writer of a shard: decides commands in order of arrival, puts what is decided on the log as one record per
 * conversation and turn (group commit), answers when the record is acknowledged, and feeds it to the followers.
 *
 * <p>A state machine without I/O of its own: the log, the loader and the timer that it is given complete on the shard's
 * one thread, from which every method is called.
 */
final class ShardOwner implements Tenure.Listener, Ownership {
  private static final Answer.Refused NO_ROOM = Refusals.of(new LogException(LogException.Kind.FULL, "no room"));

  /** How much of the conversations goes over in a move, in bytes: all shards of a router may move at once. */
  private static final long HANDOVER_BYTES = 512 << 10;

  private final ShardContext context;
  private final Conversations conversations;
  private final Tenure tenure;
  private final ShardTail tail;
  private final CommitListener commits;
  private final Feed feed;
  private final DeposedListener deposed;
  private final Backlog backlog;
  private final Outcomes outcomes;
  private final LookUps lookUps;
  private final RecentRefusals refusals;
  /** Conversations with commands to decide, each at most once, in order. */
  private final ArrayDeque<ConversationEntry> toDecide = new ArrayDeque<>();

  private boolean deciding;

  /** Who follows the log for its projections. */
  interface CommitListener {
    /** The shard is owned from here on; everything below is on the log. */
    void settled(long ownerPosition);

    /** A record is on the log. Called in order of positions. */
    void committed(CommittedRecord record);

    /** What was told may not be on the log any more. */
    void lostSight();
  }

  /** Who is told that another router owns the shard now. */
  interface DeposedListener {
    /** Everything without an outcome was bounced. {@code router}: its name; null: not known yet. */
    void deposed(Term by, @Nullable String router);
  }

  ShardOwner(
      ShardContext context,
      Conversations conversations,
      ShardTail tail,
      Feed feed,
      CommitListener commits,
      DeposedListener deposed) {
    this.context = context;
    this.conversations = conversations;
    this.tail = tail;
    this.feed = feed;
    this.commits = commits;
    this.deposed = deposed;
    this.backlog = new Backlog(context);
    this.tenure = new Tenure(context, this);
    this.refusals = new RecentRefusals(context.clock(), context.limits().sendDeadline().multipliedBy(2));
    this.outcomes = new Outcomes(conversations, backlog);
    this.lookUps = new LookUps(context, conversations, backlog, this::lookedUp);
  }

  // ------------------------------------------------------------------ owning

  /** See {@link Tenure#takeOver}. */
  void takeOver() {
    tenure.takeOver();
  }

  /** See {@link Tenure#settle}. */
  void settle() {
    tenure.settle();
  }

  /** See {@link Tenure#giveAway}; what waits is bounced. Tells what is known; null: this router is not the owner. */
  void giveAway(Consumer<@Nullable Handover> done) {
    tenure.giveAway(
        position -> {
          Handover handover =
              position == Tenure.NOTHING
                  ? null
                  : new Handover(position, tenure.lastRecordId(), conversations.lastUsed(HANDOVER_BYTES));
          bounceAll();
          done.accept(handover);
        });
  }

  /** Begins with what the owner before knew: what the log does not confirm is forgotten, what lies behind it is read. */
  void adopt(Handover handover) {
    tenure.begin(handover.position(), handover.recordId());
    conversations.adopt(handover.conversations());
  }

  /** The shard is this router's, as far as it knows. */
  boolean active() {
    return tenure.active();
  }

  /** Why nothing new is to be asked of it, see {@link Tenure#stuck}; null: it may be. */
  Answer.@Nullable Refused stuck() {
    if (!tenure.stuck()) {
      return null;
    }
    return tenure.stuckForRoom() ? NO_ROOM : Refusals.BROKER_SILENT;
  }

  /** The present term: valid while {@link #active}. */
  Term term() {
    return tenure.term();
  }

  /** The last position of which was told. */
  long last() {
    return tenure.last();
  }

  /** How full the log is. */
  Room room() {
    return tenure.room();
  }

  @Override
  public CompletableFuture<@Nullable Void> sure() {
    CompletableFuture<@Nullable Void> sure = new CompletableFuture<>();
    tenure.whenSure(owning -> complete(sure, owning));
    return sure;
  }

  @Override
  public CompletableFuture<@Nullable Void> proven() {
    CompletableFuture<@Nullable Void> proven = new CompletableFuture<>();
    tenure.whenProven(owning -> complete(proven, owning));
    return proven;
  }

  private static void complete(CompletableFuture<@Nullable Void> asked, boolean owning) {
    if (owning) {
      asked.complete(null);
    } else {
      asked.completeExceptionally(new NotOwnerException());
    }
  }

  /** No new commands; what waits is still decided. */
  void drain() {
    backlog.drain();
  }

  /** Nothing waits for an outcome. */
  boolean quiet() {
    return backlog.isEmpty() && !tenure.appending();
  }

  void close() {
    tenure.close();
    backlog.finishAll(work -> Backlog.refused(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN, "the router stops"));
  }

  /** Looks at deadlines and at the room of the log. Called every few hundred milliseconds. */
  void tick() {
    backlog.expire();
    refusals.expire();
    tenure.room().measure();
    if (!tenure.disowned()) {
      tenure.room().tell();
    }
  }

  /** Decides a command when its turn comes; the answer is given on the shard's thread. */
  void submit(Request request, int bytes, Consumer<Answer> reply) {
    if (tenure.disowned()) {
      reply.accept(new Answer.Bounced(false));
      return;
    }
    Answer.Refused refusal = backlog.refusal(bytes);
    if (refusal == null && !tenure.active() && noRoomFor(request, bytes)) {
      refusal = NO_ROOM;
    }
    if (refusal != null) {
      reply.accept(refusal);
      return;
    }
    Instant now = context.clock().instant();
    ConversationEntry entry = conversations.entry(request.conversationId());
    if (!entry.sends.take(now)) {
      reply.accept(
          new Answer.Refused(
              new Refusal(
                  ErrorReason.ERROR_REASON_RATE_LIMITED,
                  "too many commands in this conversation",
                  Map.of(),
                  entry.sends.wait(now))));
      return;
    }
    Work work = new Work(request, bytes, now.plus(context.limits().sendDeadline()), reply);
    entry.waiting.addLast(work);
    backlog.add(work);
    queue(entry);
    decideNext();
  }

  /** The room that is left is for what makes more. {@code bytes}: those of the request, and what goes with it. */
  private boolean noRoomFor(Request request, long bytes) {
    Command command = request.command();
    boolean makesRoom = command.hasDeletion() || command.hasRemoveMember() || command.hasLeave();
    return !makesRoom && tenure.scarceWith(bytes);
  }

  // ------------------------------------------------------------------ deciding

  private void queue(ConversationEntry entry) {
    if (!entry.queued && entry.batch == null && !entry.lookingUp && !entry.waiting.isEmpty()) {
      entry.queued = true;
      toDecide.addLast(entry);
    }
  }

  /** Decides until enough is in flight or nothing waits. What comes back at once joins the loop it comes from. */
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
    while (tenure.ready() && !toDecide.isEmpty()) {
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
      backlog.finish(work, refusal);
    }
  }

  /** Decides what waits in a conversation, as far as it fits into one record. */
  private void decide(ConversationEntry entry, ConversationState state) {
    Instant now = tenure.now();
    Batch batch = new Batch(state);
    long room = Records.roomInPage(state);
    while (!entry.waiting.isEmpty() && batch.events.size() < room && batch.bytes < context.limits().recordBytes()) {
      Work work = entry.waiting.peekFirst();
      if (work.answered) {
        entry.waiting.removeFirst();
        continue;
      }
      if (work.request.command().hasDeletion() && !batch.events.isEmpty()) {
        break; // what it erases must lie in earlier records: a conversation's newest one cannot be replaced
      }
      Decision decision =
          Decider.decide(
              batch.provisional, work.request, lookUps.facts(batch.provisional, work), now, ConversationLimits.DEFAULT);
      if (decision instanceof Decision.NeedsTarget || decision instanceof Decision.NeedsSearch) {
        if (batch.events.isEmpty()) {
          lookUps.begin(entry, state, work, decision, now);
        }
        break;
      }
      entry.waiting.removeFirst();
      if (decision instanceof Decision.Append) {
        Refusal before = refusals.of(work.request);
        decision = before == null ? decision : new Decision.Refused(before);
      } else if (decision instanceof Decision.Refused refused && refusals.refused(work.request, refused.refusal())) {
        batch.newlyRefused.add(work.request);
      }
      if (decision instanceof Decision.Append && noRoomFor(work.request, batch.bytes + work.bytes)) {
        backlog.finish(work, NO_ROOM);
      } else {
        batch.add(work, decision, now);
      }
    }
    if (!batch.events.isEmpty()) {
      append(entry, batch, state, now);
    } else if (!batch.outcomes.isEmpty()) {
      tellWhenSure(entry, batch, state);
    }
    queue(entry);
  }

  private void lookedUp(ConversationEntry entry) {
    queue(entry);
    decideNext();
  }

  private void append(ConversationEntry entry, Batch batch, ConversationState before, Instant now) {
    List<Records.Ids> ids = batch.works.stream().map(work -> Records.Ids.of(work.request)).toList();
    LogRecord record = Records.build(before, batch.events, ids, tenure.term(), tenure.recordId(), now);
    // A refusal or a repetition in it may rest on what the record holds, so it is as uncertain as that.
    batch.outcomes.forEach(outcome -> outcome.work().inFlight = true);
    entry.batch = batch;
    record = followed(record, batch);
    tenure.append(record);
  }

  /** If one of its commands is followed by a trace, the record is: by that of the first, with links to the others. */
  private LogRecord followed(LogRecord record, Batch batch) {
    List<String> contexts = new ArrayList<>(0);
    for (Work work : batch.works) {
      if (!work.request.trace().isEmpty()) {
        contexts.add(work.request.trace());
      }
    }
    if (contexts.isEmpty()) {
      return record;
    }
    Traced span = context.metrics().traces().goOn("append", contexts.removeFirst(), contexts, null);
    batch.span = span;
    return span == null ? record : record.toBuilder().setTraceContext(span.context()).build();
  }

  /** Outcomes that put nothing on the log rest on what is in memory: true only if that is still what is on the log. */
  private void tellWhenSure(ConversationEntry entry, Batch batch, ConversationState state) {
    tenure.whenSure(
        owning -> {
          if (owning) {
            outcomes.tell(entry, state, batch, null);
          }
          // Otherwise they are bounced with all the others.
        });
  }

  // ------------------------------------------------------------------ outcomes

  @Override
  public void committed(LogRecord record, long position, ByteString encoded, boolean mine) {
    ConversationEntry entry = conversations.entry(record.getConversationId());
    Batch batch = mine ? entry.batch : null;
    CommittedRecord committed = new CommittedRecord(record, encoded, position, batch == null ? null : batch.events);
    if (batch != null) {
      entry.batch = null;
      if (batch.span != null) {
        batch.span.end();
      }
      ConversationState stored = batch.provisional.stored(record, position, encoded.size());
      // A snapshot that was saved while the record was in flight is not known to the provisional state.
      entry.state = entry.snapshot == null ? stored : stored.withSnapshot(entry.snapshot);
    } else {
      fold(entry, committed);
    }
    tail.add(committed);
    for (Event event : committed.events()) {
      if (event.hasDeletion()) {
        tail.cut(entry.id, event.getDeletion().getTargetSeq());
      }
    }
    commits.committed(committed);
    feed.committed(committed);
    if (batch != null) {
      ConversationState state = Objects.requireNonNull(entry.state);
      outcomes.tell(entry, state, batch, committed);
    }
    conversations.saveWhenDue(entry);
    queue(entry);
    decideNext();
  }

  /** Another owner's record, or one of an earlier time. */
  private static void fold(ConversationEntry entry, CommittedRecord committed) {
    ConversationState state = entry.state;
    if (state == null) {
      entry.overtaken = entry.loading;
    } else if (state.headPosition() < committed.position()) {
      entry.state = state.fold(committed.record(), committed.position(), committed.size());
    }
  }

  @Override
  public void notStored(LogRecord record, LogException.Kind why) {
    ConversationEntry entry = conversations.entry(record.getConversationId());
    Batch failed = Objects.requireNonNull(entry.batch);
    entry.batch = null;
    failed.newlyRefused.forEach(refusals::forget);
    if (failed.span != null) {
      failed.span.fail(why.name());
    }
    if (why == LogException.Kind.CONFLICT) {
      // Decided anew in order of arrival, on what the log says now.
      for (Batch.Outcome outcome : failed.outcomes.reversed()) {
        Work work = outcome.work();
        work.inFlight = false;
        work.facts = Facts.NONE;
        entry.waiting.addFirst(work);
      }
    } else {
      Answer.Refused refusal = Refusals.of(new LogException(why, "the broker did not take the record"));
      failed.outcomes.forEach(outcome -> backlog.finish(outcome.work(), refusal));
    }
    queue(entry);
    decideNext();
  }

  @Override
  public void abandoned(LogRecord record) {
    ConversationEntry entry = conversations.entry(record.getConversationId());
    if (entry.batch != null && entry.batch.span != null) {
      entry.batch.span.fail("ABANDONED");
    }
    entry.batch = null;
    entry.waiting.clear(); // all that waits is about to be bounced
  }

  @Override
  public void lostSight() {
    conversations.forgetStates();
    tail.clear();
    commits.lostSight();
  }

  @Override
  public void settled(long ownerPosition) {
    commits.settled(ownerPosition);
    conversations.settled();
    decideNext();
  }

  @Override
  public void deposed(Term by, @Nullable String router) {
    bounceAll();
    deposed.deposed(by, router);
  }

  private void bounceAll() {
    for (ConversationEntry entry : toDecide) {
      entry.queued = false;
      entry.waiting.clear();
    }
    toDecide.clear();
    refusals.clear();
    backlog.finishAll(work -> new Answer.Bounced(work.inFlight));
  }
}
