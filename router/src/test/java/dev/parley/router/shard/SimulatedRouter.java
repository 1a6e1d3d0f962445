package dev.parley.router.shard;

import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.router.ManualTime;
import dev.parley.router.session.EncodedFrame;
import dev.parley.router.session.Session;
import dev.parley.router.session.SessionLimits;
import dev.parley.router.session.SessionPort;
import dev.parley.v1.Cursor;
import dev.parley.v1.Durability;
import dev.parley.v1.Receipt;
import dev.parley.v1.User;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** One shard and one event loop with sessions, wired as in the router, on two queues of a clock that tests move. */
final class SimulatedRouter {
  private static final SessionLimits LIMITS =
      new SessionLimits(
          100, 20, 128 << 10, 12, 64, 5_000, 5_000, 50, 2, Duration.ofSeconds(3), Duration.ofSeconds(10));

  private final ManualTime time;
  private final Random random;
  private final Executor shardThread;
  private final Executor loopThread;
  private final Map<String, Set<Session>> byConversation = new HashMap<>();
  private final Set<Session> sessions = new LinkedHashSet<>();
  private final LoopFeed feed;
  final ShardRig shard;
  final FaultyBroker broker;
  private boolean wasConnected = true;
  private boolean dead;

  /** A router that owns the shard when it is told to; its clock is so much ahead. */
  SimulatedRouter(FaultyBroker broker, ManualTime time, Random random, Duration ahead) {
    this.broker = broker;
    this.time = time;
    this.random = random;
    shardThread = thread();
    loopThread = thread();
    feed = new LoopFeed(shardThread, List.of(new Loop()));
    shard =
        new ShardRig(
            broker, time, ShardRig.LIMITS, broker.marks(), random, () -> time.instant().plus(ahead), feed);
    shardThread.execute(shard.marks::start);
    every(Duration.ofMillis(250), shardThread, this::reconnected);
    every(Duration.ofMillis(250), shardThread, shard.owner::tick);
    every(Duration.ofMillis(500), shardThread, shard.marks::flush);
    every(Duration.ofSeconds(2), shardThread, shard.projector::save);
    every(Duration.ofSeconds(1), loopThread, () -> List.copyOf(sessions).forEach(Session::tick));
  }

  /** Tasks in order, each a little later. Nothing runs on a dead router's threads. */
  private Executor thread() {
    Instant[] last = {time.instant()};
    return task -> {
      Instant at = time.instant().plusMillis(random.nextInt(4));
      last[0] = at.isAfter(last[0]) ? at : last[0];
      time.after(
          Duration.between(time.instant(), last[0]),
          () -> {
            if (!dead) {
              task.run();
            }
          });
    };
  }

  private void every(Duration interval, Executor thread, Runnable task) {
    if (!dead) {
      thread.execute(task);
      time.after(interval, () -> every(interval, thread, task));
    }
  }

  private void reconnected() {
    if (broker.connected && !wasConnected) {
      shard.owner.settle();
    }
    wasConnected = broker.connected;
  }

  /** Takes the shard, whoever owns it. */
  void takeOver() {
    shardThread.execute(shard.owner::takeOver);
  }

  /** Gives the shard away, then tells its last position or {@link Tenure#NOTHING}. */
  void giveAway(LongConsumer done) {
    shardThread.execute(() -> shard.owner.giveAway(done));
  }

  /** Ends as by SIGKILL; what was sent to the broker goes on there. */
  void kill() {
    dead = true;
    shard.owner.close();
  }

  private final class Loop implements Follower {
    @Override
    public void execute(Runnable task) {
      loopThread.execute(task);
    }

    @Override
    public void committed(CommittedRecord record) {
      EncodedFrame frame = EncodedFrame.events(record, record.firstSeq(), record.lastSeq());
      List.copyOf(byConversation.getOrDefault(record.conversationId(), Set.of()))
          .forEach(session -> session.fed(record, frame));
    }

    @Override
    public void receipt(Receipt receipt, @Nullable String onlyFor) {
      List.copyOf(byConversation.getOrDefault(receipt.getConversationId(), Set.of()))
          .forEach(session -> session.receipt(receipt));
    }

    @Override
    public void typing(String conversationId, String userId) {
      throw new UnsupportedOperationException("nobody types here");
    }

    @Override
    public void added(String userId, String conversationId) {
      List.copyOf(sessions).stream()
          .filter(session -> session.userId().equals(userId))
          .forEach(session -> session.added(conversationId));
    }
  }

  /** The client's end of a stream, as the router's session uses it. */
  interface Client {
    boolean ready();

    void frame(EncodedFrame frame);

    void closed(@Nullable Refusal why);
  }

  /** A new stream of a user. */
  Stream connect(String user, Client client) {
    return new Stream(user, client);
  }

  /** One stream, with what a session asks of the router done as the router does it. */
  final class Stream implements SessionPort {
    private final Client client;
    private final Session session;

    private Stream(String user, Client client) {
      this.client = client;
      session =
          new Session(
              "s", "router", User.newBuilder().setUserId(user).build(), time.instant().plus(Duration.ofDays(1)),
              LIMITS, Durability.DURABILITY_MEMORY, time, this);
      loopThread.execute(() -> sessions.add(session));
    }

    /** Something that the client's end does to the session, in order. */
    void does(Consumer<Session> action) {
      loopThread.execute(() -> action.accept(session));
    }

    @Override
    public boolean ready() {
      return client.ready();
    }

    @Override
    public void write(EncodedFrame frame) {
      client.frame(frame);
    }

    @Override
    public void close(@Nullable Refusal why) {
      sessions.remove(session);
      client.closed(why);
    }

    @Override
    public void listConversations() {
      shardThread.execute(
          () ->
              shard.projector
                  .listed(session.userId())
                  .thenCompose(reached -> shard.lists.of(session.userId()))
                  .whenComplete(
                      (ids, failure) ->
                          loopThread.execute(
                              () -> {
                                if (failure == null) {
                                  session.conversations(ids);
                                } else {
                                  session.conversationsUnavailable(Refusals.refusal(failure));
                                }
                              })));
    }

    @Override
    public void follow(String conversationId, @Nullable Cursor cursor, Start start) {
      byConversation.computeIfAbsent(conversationId, id -> new LinkedHashSet<>()).add(session);
      shardThread.execute(
          () ->
              shard.follows
                  .follow(conversationId, session.userId(), cursor, start == Start.JOIN, 0)
                  .thenAccept(
                      answer -> feed.post(0, loop -> session.followed(conversationId, cursor, start, answer))));
    }

    @Override
    public void unfollow(String conversationId) {
      Set<Session> following = byConversation.getOrDefault(conversationId, new LinkedHashSet<>());
      if (following.remove(session) && following.isEmpty()) {
        shardThread.execute(() -> shard.follows.unfollow(conversationId, 0));
      }
    }

    @Override
    public void read(String conversationId, long fromSeq) {
      shardThread.execute(
          () ->
              shard.history
                  .from(conversationId, fromSeq)
                  .whenComplete(
                      (records, failure) ->
                          feed.post(
                              0,
                              loop -> {
                                if (failure == null) {
                                  session.read(conversationId, new ArrayList<>(records));
                                } else {
                                  session.readFailed(conversationId);
                                }
                              })));
    }

    @Override
    public void submit(Request request, int bytes) {
      shardThread.execute(
          () ->
              shard.owner.submit(
                  request, bytes, answer -> feed.post(0, loop -> session.answered(request, outcome(answer)))));
    }

    /** The client sends it again, until the router that it reaches is the owner. */
    private Answer outcome(Answer answer) {
      return answer instanceof Answer.Bounced bounced ? Refusals.of(bounced) : answer;
    }

    @Override
    public void mark(String conversationId, long seq) {
      shardThread.execute(
          () -> shard.marks.mark(session.userId(), conversationId, seq, answer -> feed.post(0, loop -> {})));
    }

    @Override
    public void typing(String conversationId) {
      throw new UnsupportedOperationException("nobody types here");
    }

    @Override
    public void verify(String token) {
      throw new UnsupportedOperationException("tokens last long here");
    }

    @Override
    public @Nullable Duration takeCommand() {
      return null;
    }

    @Override
    public void caughtUp() {}
  }
}
