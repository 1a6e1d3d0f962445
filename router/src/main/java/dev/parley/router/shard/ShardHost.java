package dev.parley.router.shard;

import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Request;
import dev.parley.conversation.history.HistoryReader;
import dev.parley.conversation.history.ReadRetry;
import dev.parley.conversation.history.TrimmedException;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.ShardLog;
import dev.parley.internal.v1.ShardFrame;
import dev.parley.internal.v1.ShardStatus;
import dev.parley.router.feed.HistoryIndex;
import dev.parley.router.feed.Question;
import dev.parley.router.feed.Readers;
import dev.parley.router.feed.Reply;
import dev.parley.router.feed.RouterId;
import dev.parley.router.loop.Loop;
import dev.parley.router.view.View;
import dev.parley.v1.Conversation;
import dev.parley.v1.Cursor;
import dev.parley.v1.Member;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shard on its thread, reachable from other threads: asks the owner, wherever it is, and feeds the event loops.
 *
 * <p>Thread-safe. What concerns a {@link Follower} is answered through it, in order with what it is fed; other answers
 * are given on the shard's thread.
 */
public final class ShardHost {
  private static final Logger LOG = LoggerFactory.getLogger(ShardHost.class);
  private static final int SMALL = 64;
  private static final Duration LAST_WRITES = Duration.ofSeconds(2);

  private final int shard;
  private final Loop loop;
  private final LoopFeed feed;
  private final Shard sides;
  private final ShardFollower follower;
  private final OwnerSeat seat;
  private final ModerationGate gate;
  private final HistoryService history;
  private final ConversationLists lists;
  private final OwnerLimits limits;
  private boolean closed;

  /** A shard that owns and follows nothing until it is told a {@link #view}. */
  public ShardHost(
      int shard, ShardSurroundings around, Loop loop, List<? extends Follower> followers, RandomGenerator random) {
    this.shard = shard;
    this.loop = loop;
    this.limits = around.limits();
    Broker broker = OnLoop.broker(around.broker(), loop);
    ShardLog log = broker.shard(shard);
    ReadRetry retry = around.retry().on(loop::after);
    this.feed = new LoopFeed(loop, followers);
    this.sides = new Shard(shard, around.self(), around.peers());
    ShardTail tail = new ShardTail(limits.tailBytes());
    this.follower =
        new ShardFollower(shard, limits, around.clock(), loop, broker::connected, sides, feed, tail);
    this.gate = new ModerationGate(around.moderation(), loop);
    this.history = new HistoryService(limits, this::index, new HistoryReader(log, retry), tail);
    this.lists = new ConversationLists(shard, broker.table(Broker.TableName.CONVERSATION_LISTS));
    this.seat =
        new OwnerSeat(
            shard,
            around.self(),
            log,
            loop,
            random,
            sides,
            deposed ->
                new OwnedShard(
                    around.context(shard, log, loop, random), broker, around.nats(), retry, loop, sides, deposed));
    sides.between(follower, seat);
    every(limits.tick(), follower::tick);
  }

  private void every(Duration interval, Runnable task) {
    loop.after(
        interval,
        () -> {
          if (!closed) {
            task.run();
            every(interval, task);
          }
        });
  }

  // ------------------------------------------------------------------ from the router

  /** Routers have come or gone. */
  public void view(View view) {
    loop.execute(() -> sides.view(view));
  }

  /** A router can be reached. */
  public void up(RouterId router) {
    loop.execute(() -> sides.up(router));
  }

  /** A router cannot be reached. */
  public void down(RouterId router) {
    loop.execute(() -> sides.down(router));
  }

  /** Another router has said something about this shard. */
  public void received(RouterId from, ShardFrame frame) {
    loop.execute(() -> sides.received(from, frame));
  }

  /** The broker is there again. */
  public void reconnected() {
    loop.execute(seat::reconnected);
  }

  // ------------------------------------------------------------------ for event loops

  /** Does a command; answered through the follower. {@code wanted}: false when the asker has gone; on any thread. */
  public void submit(int index, Request request, int bytes, BooleanSupplier wanted, Consumer<Answer> reply) {
    loop.execute(
        () ->
            gate.pass(
                request,
                () ->
                    follower.ask(
                        new Question.Submit(request),
                        bytes,
                        wanted,
                        answer -> feed.post(index, hub -> reply.accept(answer(answer)))),
                refusal -> feed.post(index, hub -> reply.accept(new Answer.Refused(refusal)))));
  }

  private static Answer answer(Reply reply) {
    return switch (reply) {
      case Reply.OfCommand command -> command.answer();
      case Reply.Refused refused -> new Answer.Refused(refused.refusal());
      default -> throw new IllegalStateException("not an answer to a command: " + reply);
    };
  }

  /** See {@link Question.Follow}; answered through the follower, in order with what is fed. */
  public void follow(
      int index,
      String conversationId,
      String userId,
      @Nullable Cursor cursor,
      boolean fromJoin,
      Consumer<FollowAnswer> reply) {
    Question question = new Question.Follow(conversationId, userId, cursor, fromJoin);
    loop.execute(
        () ->
            follower.ask(
                question,
                SMALL,
                told -> {
                  FollowAnswer answer = followAnswer(told);
                  if (answer instanceof FollowAnswer.Following following && following.member()) {
                    follower.follows(conversationId, index);
                  }
                  feed.post(index, hub -> reply.accept(answer));
                }));
  }

  private static FollowAnswer followAnswer(Reply reply) {
    return switch (reply) {
      case Reply.OfFollow follow -> follow.answer();
      case Reply.Refused refused -> new FollowAnswer.Refused(refused.refusal());
      default -> throw new IllegalStateException("not an answer to a follow: " + reply);
    };
  }

  /** Nobody on that loop follows any more. */
  public void unfollow(int index, String conversationId) {
    loop.execute(() -> follower.unfollow(conversationId, index));
  }

  /** Reads records from {@code fromSeq} on; answered through the follower. */
  public void read(int index, String conversationId, long fromSeq, Consumer<ReadAnswer> reply) {
    loop.execute(
        () ->
            history
                .from(conversationId, fromSeq)
                .whenComplete(Completion.seen(
                    (records, failure) -> {
                      ReadAnswer answer =
                          failure == null
                              ? new ReadAnswer.Records(records)
                              : readFailed(conversationId, fromSeq, failure);
                      feed.post(index, hub -> reply.accept(answer));
                    })));
  }

  private ReadAnswer readFailed(String conversationId, long fromSeq, Throwable failure) {
    if (TrimmedException.in(failure) != null) {
      return new ReadAnswer.Trimmed();
    }
    LOG.warn("shard {}: reading {} from {} failed", shard, conversationId, fromSeq, failure);
    return new ReadAnswer.Failed();
  }

  private CompletableFuture<HistoryIndex> index(String conversationId) {
    return askHere(
        new Question.Index(conversationId),
        reply -> {
          if (reply instanceof Reply.OfIndex found) {
            return found.index();
          }
          throw unexpected(reply);
        });
  }

  /** Moves a read mark; answered through the follower. */
  public void mark(int index, String userId, String conversationId, long seq, Consumer<MarkAnswer> reply) {
    loop.execute(
        () ->
            follower.ask(
                new Question.Mark(userId, conversationId, seq),
                SMALL,
                answer -> feed.post(index, hub -> reply.accept(markAnswer(answer)))));
  }

  private static MarkAnswer markAnswer(Reply reply) {
    return switch (reply) {
      case Reply.OfMark mark -> mark.answer();
      case Reply.Refused refused -> new MarkAnswer.Refused(refused.refusal());
      default -> throw new IllegalStateException("not an answer to a read mark: " + reply);
    };
  }

  /** Tells the others that a user is typing. */
  public void typing(String userId, String conversationId) {
    loop.execute(() -> follower.typing(conversationId, userId));
  }

  // ------------------------------------------------------------------ for unary calls

  /** Asks on the shard's thread. */
  private <T> CompletableFuture<T> askHere(Question question, Function<Reply, T> reader) {
    CompletableFuture<T> result = new CompletableFuture<>();
    follower.ask(
        question,
        SMALL,
        reply -> {
          try {
            result.complete(reader.apply(reply));
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private <T> CompletableFuture<T> onLoop(Supplier<CompletableFuture<T>> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    loop.execute(
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

  private static RuntimeException unexpected(Reply reply) {
    return reply instanceof Reply.Refused refused
        ? new RefusedException(refused.refusal())
        : new IllegalStateException("not an answer to what was asked: " + reply);
  }

  /** Does a command. */
  public CompletableFuture<Answer> submit(Request request, int bytes) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    loop.execute(
        () ->
            gate.pass(
                request,
                () -> follower.ask(new Question.Submit(request), bytes, reply -> answer.complete(answer(reply))),
                refusal -> answer.complete(new Answer.Refused(refusal))));
    return answer;
  }

  /** Moves a read mark. */
  public CompletableFuture<MarkAnswer> mark(String userId, String conversationId, long seq) {
    return onLoop(() -> askHere(new Question.Mark(userId, conversationId, seq), ShardHost::markAnswer));
  }

  /** The conversation as its member or former member sees it; fails with a RefusedException for others. */
  public CompletableFuture<Conversation> describe(String conversationId, String userId) {
    return onLoop(
        () ->
            askHere(
                new Question.Describe(conversationId, userId),
                reply -> {
                  if (reply instanceof Reply.OfConversation described) {
                    return described.conversation();
                  }
                  throw unexpected(reply);
                }));
  }

  /** Members in order of their ids; fails with a RefusedException unless a member asks. */
  public CompletableFuture<List<Member>> members(
      String conversationId, String userId, String afterUserId, int limit) {
    return members(new Question.ListMembers(conversationId, userId, afterUserId, limit, List.of()));
  }

  /** Those of {@code asked} who are members; fails with a RefusedException unless a member asks. */
  public CompletableFuture<List<Member>> membersAmong(String conversationId, String userId, List<String> asked) {
    return members(new Question.ListMembers(conversationId, userId, "", asked.size(), asked));
  }

  private CompletableFuture<List<Member>> members(Question.ListMembers question) {
    return onLoop(
        () ->
            askHere(
                question,
                reply -> {
                  if (reply instanceof Reply.OfMembers members) {
                    return members.members();
                  }
                  throw unexpected(reply);
                }));
  }

  /** Who may read an event: see {@link Question.ListReaders}. For operators, who need be no members. */
  public CompletableFuture<Readers> readers(String conversationId, long seq, String onlyUser, int limit) {
    return onLoop(
        () ->
            askHere(
                new Question.ListReaders(conversationId, seq, onlyUser, limit),
                reply -> {
                  if (reply instanceof Reply.OfReaders readers) {
                    return readers.readers();
                  }
                  throw unexpected(reply);
                }));
  }

  /** Some records from {@code fromSeq} on. */
  public CompletableFuture<List<CommittedRecord>> from(String conversationId, long fromSeq) {
    return onLoop(() -> history.from(conversationId, fromSeq));
  }

  /** All records of the page that holds {@code seq}. */
  public CompletableFuture<List<CommittedRecord>> pageOf(String conversationId, long seq) {
    return onLoop(() -> history.pageOf(conversationId, seq));
  }

  /** Whether a cursor is good, and where the user would go on: as {@link #follow}, without following. */
  public CompletableFuture<FollowAnswer> position(String conversationId, String userId, Cursor cursor) {
    return onLoop(() -> askHere(new Question.Position(conversationId, userId, cursor), ShardHost::followAnswer));
  }

  /** The user's conversations in this shard, with everything that was stored before the question. */
  public CompletableFuture<java.util.Set<String>> conversationsOf(String userId) {
    return onLoop(
        () ->
            askHere(
                    new Question.AwaitList(userId),
                    reply -> {
                      if (reply instanceof Reply.Listed listed) {
                        return listed;
                      }
                      throw unexpected(reply);
                    })
                .thenCompose(listed -> lists.of(userId)));
  }

  /** The user's conversations in this shard, as far as they are listed; a notice follows for those that are not yet. */
  public CompletableFuture<java.util.Set<String>> listedConversationsOf(String userId) {
    return onLoop(() -> lists.of(userId));
  }

  // ------------------------------------------------------------------ the end

  /** Completed when this router owns the shard no more, and nothing waits; or when the patience is over. */
  public CompletableFuture<Void> awaitGivenAway(Duration patience) {
    CompletableFuture<Void> given = new CompletableFuture<>();
    loop.execute(() -> awaitEmpty(given, patience));
    return given;
  }

  private void awaitEmpty(CompletableFuture<Void> given, Duration patience) {
    Duration pause = Duration.ofMillis(10);
    if (seat.empty() || patience.isNegative()) {
      given.complete(null);
    } else {
      loop.after(pause, () -> awaitEmpty(given, patience.minus(pause)));
    }
  }

  /** Ends: takes no new commands, lets what waits be decided, gives away what is owned; within the patience. */
  public CompletableFuture<Void> close(Duration patience) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          follower.drain();
          awaitAnswers(done, patience);
        });
    return done;
  }

  private void awaitAnswers(CompletableFuture<Void> done, Duration patience) {
    Duration pause = Duration.ofMillis(5);
    if (follower.quiet() || patience.isNegative()) {
      seat.close(
          LAST_WRITES,
          () -> {
            closed = true;
            follower.close();
            done.complete(null);
          });
    } else {
      loop.after(pause, () -> awaitAnswers(done, patience.minus(pause)));
    }
  }

  /** What there is to know of it. */
  public CompletableFuture<ShardStatus> status() {
    return onLoop(() -> CompletableFuture.completedFuture(sides.status()));
  }

  /** The refusal that a failed answer means. */
  public static Refusal refusal(Throwable failure) {
    return Refusals.refusal(failure);
  }
}
