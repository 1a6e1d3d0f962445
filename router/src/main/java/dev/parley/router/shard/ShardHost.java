package dev.parley.router.shard;

import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.conversation.history.HistoryReader;
import dev.parley.conversation.history.ReadRetry;
import dev.parley.conversation.history.StateLoader;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.Table;
import dev.parley.v1.Conversation;
import dev.parley.v1.Cursor;
import dev.parley.v1.Member;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shard on its thread: the owner, the projections and the readers, wired and reachable from other threads.
 *
 * <p>Thread-safe. What concerns a {@link Follower} is answered through it, in order with what it is fed; other answers
 * are given on the shard's thread.
 */
public final class ShardHost {
  private static final Logger LOG = LoggerFactory.getLogger(ShardHost.class);
  private static final Duration TICK = Duration.ofMillis(250);
  private static final Duration SAVE_PROGRESS = Duration.ofSeconds(5);
  private static final Duration TAKE_BACK = Duration.ofSeconds(1);
  private static final Duration TAKE_BACK_JITTER = Duration.ofSeconds(2);

  private final int shard;
  private final ScheduledExecutorService thread;
  private final LoopFeed feed;
  private final ShardOwner owner;
  private final Follows follows;
  private final Marks marks;
  private final HistoryService history;
  private final Projector projector;
  private final ConversationLists lists;
  private final List<Future<?>> ticks = new java.util.ArrayList<>();
  private final OwnerLimits limits;
  private final ShardContext context;

  /**
   * A shard that is started by {@link #start}.
   *
   * @param incarnation a random number that this process, and no other, has drawn
   * @param blocks whether one of two users has blocked the other
   */
  public ShardHost(
      int shard,
      String router,
      long incarnation,
      Broker broker,
      OwnerLimits limits,
      InstantSource clock,
      ScheduledExecutorService thread,
      List<? extends Follower> followers,
      BiPredicate<String, String> blocks) {
    this.shard = shard;
    this.thread = thread;
    this.limits = limits;
    ShardLog log = OnLoop.log(broker.shard(shard), thread);
    Timer timer = (delay, task) -> thread.schedule(guarded(task), delay.toMillis(), TimeUnit.MILLISECONDS);
    this.context =
        new ShardContext(
            shard,
            router,
            incarnation,
            broker.layout().window(),
            log,
            limits,
            clock,
            System::nanoTime,
            timer,
            RandomGenerator.getDefault(),
            blocks,
            broker::connected);
    ReadRetry retry = ReadRetry.DEFAULT.on(thread);
    StateLoader loader = new StateLoader(log, table(broker, TableName.SNAPSHOTS), retry);
    HistoryReader reader = new HistoryReader(log, retry);
    ShardTail tail = new ShardTail(limits.tailBytes());
    Conversations conversations = new Conversations(context, loader, reader, tail);
    this.feed = new LoopFeed(thread, followers);
    this.lists = new ConversationLists(shard, table(broker, TableName.CONVERSATION_LISTS));
    this.projector =
        new Projector(context, lists, conversations, reader, table(broker, TableName.PROGRESS), feed);
    this.owner =
        new ShardOwner(context, conversations, tail, feed, projector, (term, by) -> takeBack());
    // The broker may have come back with less than it had.
    broker.onReconnect(() -> run(owner::settle));
    this.marks = new Marks(context, OnLoop.marks(broker.marks(), thread), conversations, tail, feed);
    this.follows = new Follows(conversations, reader, marks, feed, owner);
    this.history = new HistoryService(limits, conversations, reader, tail, owner);
  }

  private Table table(Broker broker, TableName name) {
    return OnLoop.table(broker.table(name), thread);
  }

  /** Takes the shard over and keeps it. */
  public void start() {
    run(
        () -> {
          marks.start();
          owner.takeOver();
          every(TICK, owner::tick);
          every(limits.markInterval(), marks::flush);
          every(SAVE_PROGRESS, projector::save);
        });
  }

  /** Not at once: the two that want the shard would only hinder each other. */
  private void takeBack() {
    long jitter = context.random().nextLong(TAKE_BACK_JITTER.toMillis());
    context.timer().after(TAKE_BACK.plusMillis(jitter), owner::takeOver);
  }

  private void every(Duration interval, Runnable task) {
    ticks.add(
        thread.scheduleWithFixedDelay(
            guarded(task), interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS));
  }

  private void run(Runnable task) {
    thread.execute(guarded(task));
  }

  /** A fault in one task must be seen, and must not end the ones that come again and again. */
  private Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.error("shard {}: a fault", shard, e);
      }
    };
  }

  private <T> CompletableFuture<T> ask(Supplier<CompletableFuture<T>> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    run(
        () -> {
          try {
            question
                .get()
                .whenComplete(Completion.seen(
                    (value, failure) -> {
                      if (failure == null) {
                        answer.complete(value);
                      } else {
                        answer.completeExceptionally(failure);
                      }
                    }));
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    return answer;
  }

  // ------------------------------------------------------------------ for event loops

  /** Does a command; answered through the follower. */
  public void submit(int follower, Request request, int bytes, Consumer<Answer> reply) {
    run(
        () ->
            owner.submit(
                request,
                bytes,
                answer -> {
                  Answer outcome = outcome(answer);
                  feed.post(follower, loop -> reply.accept(outcome));
                }));
  }

  /** Nobody can pass on what is bounced: it is refused. */
  private static Answer outcome(Answer answer) {
    return answer instanceof Answer.Bounced bounced ? Refusals.of(bounced) : answer;
  }

  /** See {@link Follows#follow}; answered through the follower, in order with what is fed. */
  public void follow(
      int follower,
      String conversationId,
      String userId,
      @Nullable Cursor cursor,
      boolean fromJoin,
      Consumer<FollowAnswer> reply) {
    run(
        () ->
            follows
                .follow(conversationId, userId, cursor, fromJoin, follower)
                .thenAccept(answer -> feed.post(follower, loop -> reply.accept(answer))));
  }

  /** Nobody on that loop follows any more. */
  public void unfollow(int follower, String conversationId) {
    run(() -> follows.unfollow(conversationId, follower));
  }

  /** Records from {@code fromSeq} on; null: they cannot be read now. Answered through the follower. */
  public void read(
      int follower, String conversationId, long fromSeq, Consumer<@Nullable List<CommittedRecord>> reply) {
    run(
        () ->
            history
                .from(conversationId, fromSeq)
                .whenComplete(Completion.seen(
                    (records, failure) -> {
                      if (failure != null) {
                        LOG.warn("shard {}: reading {} from {} failed", shard, conversationId, fromSeq, failure);
                      }
                      feed.post(follower, loop -> reply.accept(failure == null ? records : null));
                    })));
  }

  /** Moves a read mark; answered through the follower. */
  public void mark(int follower, String userId, String conversationId, long seq, Consumer<MarkAnswer> reply) {
    run(
        () ->
            marks.mark(
                userId, conversationId, seq, answer -> feed.post(follower, loop -> reply.accept(answer))));
  }

  /** Tells the others that a user is typing. */
  public void typing(String userId, String conversationId) {
    run(() -> follows.typing(conversationId, userId));
  }

  // ------------------------------------------------------------------ for unary calls

  /** Does a command. */
  public CompletableFuture<Answer> submit(Request request, int bytes) {
    return ask(
        () -> {
          CompletableFuture<Answer> answer = new CompletableFuture<>();
          owner.submit(request, bytes, given -> answer.complete(outcome(given)));
          return answer;
        });
  }

  /** Moves a read mark. */
  public CompletableFuture<MarkAnswer> mark(String userId, String conversationId, long seq) {
    return ask(
        () -> {
          CompletableFuture<MarkAnswer> answer = new CompletableFuture<>();
          marks.mark(userId, conversationId, seq, answer::complete);
          return answer;
        });
  }

  /** The conversation as its member or former member sees it; fails with a RefusedException for others. */
  public CompletableFuture<Conversation> describe(String conversationId, String userId) {
    return ask(() -> follows.describe(conversationId, userId));
  }

  /** Members in order of their ids; fails with a RefusedException unless a member asks. */
  public CompletableFuture<List<Member>> members(
      String conversationId, String userId, String afterUserId, int limit) {
    return ask(() -> follows.members(conversationId, userId, afterUserId, limit));
  }

  /** Some records from {@code fromSeq} on. */
  public CompletableFuture<List<CommittedRecord>> from(String conversationId, long fromSeq) {
    return ask(() -> history.from(conversationId, fromSeq));
  }

  /** All records of the page that holds {@code seq}. */
  public CompletableFuture<List<CommittedRecord>> pageOf(String conversationId, long seq) {
    return ask(() -> history.pageOf(conversationId, seq));
  }

  /** Whether a cursor is good, and where the user would go on: as {@link Follows#follow}, without following. */
  public CompletableFuture<FollowAnswer> position(String conversationId, String userId, Cursor cursor) {
    return ask(() -> follows.position(conversationId, userId, cursor));
  }

  /** The user's conversations in this shard, with everything that was committed before the question. */
  public CompletableFuture<Set<String>> conversationsOf(String userId) {
    return ask(() -> projector.listed(userId).thenCompose(reached -> lists.of(userId)));
  }

  // ------------------------------------------------------------------ the end

  /** Takes no new commands, lets what waits end, writes what is not written yet. */
  public CompletableFuture<Void> drain(Duration patience) {
    CompletableFuture<Void> drained = new CompletableFuture<>();
    run(
        () -> {
          owner.drain();
          awaitQuiet(drained, System.nanoTime() + patience.toNanos());
        });
    return drained;
  }

  private void awaitQuiet(CompletableFuture<Void> drained, long until) {
    marks.flush();
    boolean late = System.nanoTime() - until > 0;
    if (late || (owner.quiet() && marks.quiet())) {
      projector
          .save()
          .whenComplete(Completion.seen(
              (saved, failure) -> {
                ticks.forEach(tick -> tick.cancel(false));
                owner.close();
                drained.complete(null);
              }));
    } else {
      thread.schedule(guarded(() -> awaitQuiet(drained, until)), 5, TimeUnit.MILLISECONDS);
    }
  }

  /** The refusal that a failed answer means. */
  public static Refusal refusal(Throwable failure) {
    return Refusals.refusal(failure);
  }
}
