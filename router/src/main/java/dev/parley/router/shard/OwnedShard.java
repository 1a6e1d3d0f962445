package dev.parley.router.shard;

import dev.parley.chassis.resilience.Hop;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.history.HistoryReader;
import dev.parley.conversation.history.ReadRetry;
import dev.parley.conversation.history.StateLoader;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.Wakes;
import dev.parley.internal.v1.OwnedShardStatus;
import dev.parley.router.feed.Handover;
import dev.parley.router.feed.HistoryIndex;
import dev.parley.router.feed.Question;
import dev.parley.router.feed.Reply;
import dev.parley.router.feed.RouterId;
import dev.parley.router.feed.ToOwner;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shard while this router owns it: everything that an owner holds in memory, made for one ownership and forgotten with
 * it. Belongs to the shard's thread.
 */
final class OwnedShard implements Feeds.Desk, ShardOwner.CommitListener {
  private static final LogException NO_CONNECTION =
      new LogException(LogException.Kind.NOT_SENT, "no connection to the broker");

  private static final Logger LOG = LoggerFactory.getLogger(OwnedShard.class);
  private static final Duration WARN_AGAIN = Duration.ofMinutes(1);

  private final Conversations conversations;
  private final Projector projector;
  private final Marks marks;
  private final Follows follows;
  private final Feeds feeds;
  private final ShardOwner owner;
  private final Hop nats;
  private final BooleanSupplier connected;
  private final OwnerLimits limits;
  private final Timer timer;
  private final int shard;
  private final LongSupplier nanos;
  private long warnNanos;
  private boolean ended;

  /** An ownership that is begun by {@link #takeOver}. {@code broker}: its futures complete on the shard's thread. */
  OwnedShard(
      ShardContext context,
      Broker broker,
      Hop nats,
      ReadRetry retry,
      Executor shardThread,
      Feeds.Mouth mouth,
      Runnable deposed) {
    this.nats = nats;
    this.connected = context.connected();
    this.shard = context.shard();
    this.nanos = context.nanos();
    this.warnNanos = nanos.getAsLong();
    this.limits = context.limits();
    this.timer = context.timer();
    Wakes wakes = broker.wakes();
    HistoryReader reader = new HistoryReader(context.log(), retry);
    StateLoader loader = new StateLoader(context.log(), broker.table(TableName.SNAPSHOTS), retry);
    ShardTail tail = new ShardTail(limits.tailBytes());
    this.conversations = new Conversations(context, loader, reader, tail);
    this.feeds = new Feeds(context, shardThread, mouth, this);
    ConversationLists lists = new ConversationLists(context.shard(), broker.table(TableName.CONVERSATION_LISTS));
    this.projector =
        new Projector(context, lists, conversations, reader, broker.table(TableName.PROGRESS), wakes);
    this.owner = new ShardOwner(context, conversations, tail, feeds, this, (by, router) -> deposed.run());
    this.marks = new Marks(context, broker.marks(), conversations, tail, feeds);
    this.follows = new Follows(conversations, reader, marks, feeds, owner);
  }

  /** Takes the shard over; nothing is answered before that is done. */
  void takeOver() {
    marks.start();
    owner.takeOver();
    every(limits.tick(), this::tick);
    every(limits.markInterval(), marks::flush);
    every(limits.saveProgress(), projector::save);
  }

  private void every(Duration interval, Runnable task) {
    timer.after(
        interval,
        () -> {
          if (!ended) {
            task.run();
            every(interval, task);
          }
        });
  }

  private void tick() {
    if (!connected.getAsBoolean()) {
      nats.failed(NO_CONNECTION); // nobody appends then, so no append says it
    }
    owner.tick();
    feeds.tick();
  }

  /** The broker is there again. */
  void reconnected() {
    owner.settle();
  }

  // ------------------------------------------------------------------ from the routers

  void open(RouterId router, ToOwner.Open open) {
    feeds.open(router, open);
  }

  void ask(RouterId router, ToOwner.Ask ask) {
    feeds.ask(router, ask);
  }

  void unfollow(RouterId router, String conversationId) {
    feeds.unfollow(router, conversationId);
  }

  void typing(String conversationId, String userId) {
    follows.typing(conversationId, userId);
  }

  void gone(RouterId router) {
    feeds.close(router);
  }

  @Override
  public void answer(ToOwner.Ask ask, int bit, Consumer<Reply> reply) {
    switch (ask.question()) {
      case Question.Submit submit -> submit(submit, ask, reply);
      case Question.Mark mark ->
          marks.mark(
              mark.userId(), mark.conversationId(), mark.seq(), answer -> reply.accept(new Reply.OfMark(answer)));
      case Question.Follow follow ->
          tell(
              follows
                  .follow(follow.conversationId(), follow.userId(), follow.cursor(), follow.fromJoin(), bit)
                  .thenApply(Reply.OfFollow::new),
              reply);
      case Question.Position position ->
          tell(
              follows
                  .position(position.conversationId(), position.userId(), position.cursor())
                  .thenApply(Reply.OfFollow::new),
              reply);
      case Question.Describe describe ->
          tell(
              follows.describe(describe.conversationId(), describe.userId()).thenApply(Reply.OfConversation::new),
              reply);
      case Question.ListMembers list ->
          tell(
              follows
                  .members(list)
                  .thenApply(Reply.OfMembers::new),
              reply);
      case Question.ListReaders list -> tell(follows.readers(list).thenApply(Reply.OfReaders::new), reply);
      case Question.Unknown unknown -> {
        warnOfNewer();
        reply.accept(Refusals.unknown(ask.again()));
      }
      case Question.Index index ->
          tell(
              conversations
                  .loaded(index.conversationId())
                  .thenCompose(entry -> owner.sure().thenApply(proven -> index(entry.state))),
              reply);
      case Question.AwaitList list ->
          tell(
              projector
                  .listed(list.userId())
                  .thenCompose(done -> owner.sure())
                  .thenApply(proven -> new Reply.Listed()),
              reply);
    }
  }

  /**
   * While the broker does not answer, or takes nothing for this shard, new commands are refused; one that was asked before
   * may be on the log already.
   */
  private void submit(Question.Submit submit, ToOwner.Ask ask, Consumer<Reply> reply) {
    Answer.Refused refusal = ask.again() ? null : refusalOfNew();
    if (refusal != null) {
      reply.accept(new Reply.OfCommand(refusal));
      return;
    }
    owner.submit(
        submit.request(),
        ask.bytes(),
        answer -> {
          if (!(answer instanceof Answer.Bounced)) {
            reply.accept(new Reply.OfCommand(answer));
          }
        });
  }

  private Answer.@Nullable Refused refusalOfNew() {
    Answer.Refused stuck = owner.stuck();
    return stuck == null && !nats.allowed() ? Refusals.BROKER_SILENT : stuck;
  }

  private void warnOfNewer() {
    long now = nanos.getAsLong();
    if (now - warnNanos >= 0) {
      LOG.warn("shard {}: a router of a newer release asks what this one does not know: complete the upgrade", shard);
      warnNanos = now + WARN_AGAIN.toNanos();
    }
  }

  private static Reply index(@Nullable ConversationState state) {
    ConversationState loaded = Objects.requireNonNull(state);
    return new Reply.OfIndex(new HistoryIndex(loaded.headSeq(), loaded.pages(), loaded.deletedSeqs()));
  }

  private static void tell(CompletableFuture<? extends Reply> answer, Consumer<Reply> reply) {
    answer.whenComplete(
        Completion.seen(
            (value, failure) -> {
              if (failure == null) {
                reply.accept(value);
              } else if (!(causeOf(failure) instanceof NotOwnerException)) {
                reply.accept(new Reply.Refused(Refusals.refusal(failure)));
              }
              // Otherwise the feed is about to end, and the router asks the next owner.
            }));
  }

  private static Throwable causeOf(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
  }

  // ------------------------------------------------------------------ from the log

  @Override
  public void settled(long ownerPosition) {
    projector.settled(ownerPosition);
    feeds.settled(ownerPosition, owner.term());
  }

  @Override
  public void committed(CommittedRecord record) {
    projector.committed(record);
  }

  @Override
  public void lostSight() {
    feeds.bounce(0);
  }

  // ------------------------------------------------------------------ the end

  /** Decides nothing any more, writes what is not written, and tells what it knows; null: it was not the owner. */
  void giveAway(Consumer<@Nullable Handover> given) {
    owner.giveAway(handover -> awaitQuiet(handover, limits.giveAwayPatience(), given));
  }

  private void awaitQuiet(@Nullable Handover handover, Duration patience, Consumer<@Nullable Handover> given) {
    marks.flush();
    if (marks.quiet() || patience.isNegative()) {
      projector.save();
      given.accept(handover);
    } else {
      Duration pause = Duration.ofMillis(2);
      timer.after(pause, () -> awaitQuiet(handover, patience.minus(pause), given));
    }
  }

  /** Begins with what the owner before knew; before {@link #takeOver}. */
  void adopt(Handover handover) {
    owner.adopt(handover);
  }

  /** It is over: all feeds are ended. {@code view}: see {@link Feeds#bounce}. */
  void end(long view) {
    ended = true;
    owner.close();
    projector.close();
    feeds.bounce(view);
  }

  /** It is settled, and decides. */
  boolean active() {
    return owner.active();
  }

  /** What there is to know of it. */
  OwnedShardStatus status() {
    return OwnedShardStatus.newBuilder()
        .setTerm(owner.term())
        .setActive(owner.active())
        .setPosition(owner.last())
        .addAllFollowers(feeds.routers())
        .setFollowedConversations(feeds.followedConversations())
        .setLogBytes(owner.room().bytes())
        .setLogMaxBytes(owner.room().maxBytes() == Long.MAX_VALUE ? 0 : owner.room().maxBytes())
        .build();
  }
}
