package dev.parley.sdk;

import dev.parley.v1.Activity;
import dev.parley.v1.AddMembers;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.CreateConversation;
import dev.parley.v1.Deletion;
import dev.parley.v1.Edit;
import dev.parley.v1.Message;
import dev.parley.v1.Reaction;
import dev.parley.v1.RemoveMember;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Stored;
import dev.parley.v1.UserWatch;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * One device, connected for as long as it likes. Reconnects by itself, resumes where it stood, sends again what has no
 * answer, and tells its {@link SessionListener} each event once and in order. Made by {@link ParleyClient#connect}.
 *
 * <p>Commands of one conversation are stored in the order in which they were given. A future completes on the session's
 * event loop with where the command was stored, or fails with a {@link ParleyException} whose reason says why;
 * OUTCOME_UNKNOWN means that it may be stored.
 *
 * <p>Thread-safe. No thread of its own: it lives on the event loop of its client's connection.
 */
public final class ParleySession implements AutoCloseable {
  private final ParleyClient client;
  private final SessionOptions options;
  private final ChatServiceGrpc.ChatServiceStub stub;
  private final SerialLoop loop;
  private final ClientEventIds ids;
  private final SessionProtocol protocol;
  private final Map<Integer, StreamCall> calls = new HashMap<>();
  private volatile SessionState state = SessionState.CONNECTING;
  private volatile String userId = "";
  private volatile String router = "";
  private long tickAt = Outbox.NEVER;

  ParleySession(ParleyClient client, SessionOptions options, SessionListener listener) {
    this.client = client;
    this.options = options;
    this.stub = ChatServiceGrpc.newStub(client.channel());
    this.loop = new SerialLoop(client.loop());
    ServerClock clock = new ServerClock(ParleySession::nowMillis, System.currentTimeMillis());
    this.ids = new ClientEventIds(clock::millis);
    Backoff backoff = new Backoff(options.backoffBase(), options.backoffMax(), new SplittableRandom());
    this.protocol = new SessionProtocol(options, clock, ids, backoff, new Calls(), new LoggingListener(listener));
  }

  void start() {
    input(() -> protocol.start(nowMillis()));
  }

  // ------------------------------------------------------------ commands

  /** Sends a command and tries until the session's send timeout. Without a client event id it gets one. */
  public CompletableFuture<Stored> send(Command command) {
    return send(command, options.sendTimeout());
  }

  /** Sends a command and tries for as long as {@code timeout}. */
  public CompletableFuture<Stored> send(Command command, Duration timeout) {
    return submit(command, timeout).thenApply(Answer::stored);
  }

  /** Sends a message of text. */
  public CompletableFuture<Stored> sendText(String conversationId, String text) {
    return send(in(conversationId).setMessage(Message.newBuilder().setText(text)).build());
  }

  /** Replaces the text of a message of one's own. */
  public CompletableFuture<Stored> edit(String conversationId, long seq, String text) {
    Edit edit = Edit.newBuilder().setTargetSeq(seq).setMessage(Message.newBuilder().setText(text)).build();
    return send(in(conversationId).setEdit(edit).build());
  }

  /** Deletes a message for everybody. */
  public CompletableFuture<Stored> delete(String conversationId, long seq) {
    return send(in(conversationId).setDeletion(Deletion.newBuilder().setTargetSeq(seq)).build());
  }

  /** Adds a reaction to a message, or takes it back. */
  public CompletableFuture<Stored> react(String conversationId, long seq, String symbol, boolean removed) {
    Reaction reaction = Reaction.newBuilder().setTargetSeq(seq).setSymbol(symbol).setRemoved(removed).build();
    return send(in(conversationId).setReaction(reaction).build());
  }

  /** The id of the direct conversation with a user, which is created if there is none yet. */
  public CompletableFuture<String> createDirect(String peerUserId) {
    CreateConversation create = CreateConversation.newBuilder()
        .setKind(ConversationKind.CONVERSATION_KIND_DIRECT)
        .addMemberIds(peerUserId)
        .build();
    return submit(Command.newBuilder().setCreate(create).build(), options.sendTimeout())
        .thenApply(Answer::conversationId);
  }

  /** Creates a group that this user owns; answers its id. */
  public CompletableFuture<String> createGroup(String title, List<String> memberIds) {
    return createGroup(CreateConversation.newBuilder().setTitle(title).addAllMemberIds(memberIds).build());
  }

  /** Creates a group with policies of one's own; answers its id. The kind need not be set. */
  public CompletableFuture<String> createGroup(CreateConversation group) {
    CreateConversation create = group.toBuilder().setKind(ConversationKind.CONVERSATION_KIND_GROUP).build();
    return submit(in(newId()).setCreate(create).build(), options.sendTimeout()).thenApply(Answer::conversationId);
  }

  /** Adds members to a group. */
  public CompletableFuture<Stored> addMembers(String conversationId, List<String> userIds) {
    return send(in(conversationId).setAddMembers(AddMembers.newBuilder().addAllUserIds(userIds)).build());
  }

  /** Removes a member from a group. */
  public CompletableFuture<Stored> removeMember(String conversationId, String userId) {
    return send(in(conversationId).setRemoveMember(RemoveMember.newBuilder().setUserId(userId)).build());
  }

  /**
   * Says up to where the user has read. Said again after a reconnect if the server does not know it. One that the
   * server refuses, because there were too many a second, is told to the listener; a later one in the conversation
   * makes up for it.
   */
  public void markRead(String conversationId, long seq) {
    input(() -> protocol.markRead(conversationId, seq));
  }

  /** Says that the user is typing. Lost without a trace when there is no connection, or when it is said too often. */
  public void typing(String conversationId) {
    input(() -> protocol.typing(conversationId));
  }

  /**
   * Watches a user with whom there is a direct conversation: {@link SessionListener#onPresence} tells how they are and
   * when that changes, also after reconnects. At most 500 users a session, unless the server says otherwise; a refusal
   * comes to {@link SessionListener#onError}.
   */
  public void watchUser(String userId) {
    watchUser(userId, "");
  }

  /** The same for the sake of a group of which both are members. */
  public void watchUser(String userId, String conversationId) {
    UserWatch watch = UserWatch.newBuilder().setUserId(userId).setConversationId(conversationId).build();
    watch(List.of(watch), List.of());
  }

  /** Watches who has a conversation in view: {@link SessionListener#onRoom}. At most 20 a session. */
  public void watchRoom(String conversationId) {
    watch(List.of(), List.of(conversationId));
  }

  /** Watches many users and rooms at once. */
  public void watch(List<UserWatch> users, List<String> conversationIds) {
    input(() -> protocol.watch(users, conversationIds));
  }

  /** Does not watch these any more. At most 100 users and 20 rooms. */
  public void unwatch(List<String> userIds, List<String> conversationIds) {
    input(() -> protocol.unwatch(userIds, conversationIds));
  }

  /**
   * Says what the user does with this device.
   *
   * @param away nobody uses it, though it is connected
   * @param conversationId on the screen; empty: none
   */
  public void activity(boolean away, String conversationId) {
    Activity activity = Activity.newBuilder().setAway(away).setConversationId(conversationId).build();
    input(() -> protocol.activity(activity));
  }

  /** A new id for a command or a group, by the server's clock. */
  public String newId() {
    return ids.next();
  }

  /** How the session stands. */
  public SessionState state() {
    return state;
  }

  /** Who the server says this is; empty before the first Welcome. */
  public String userId() {
    return userId;
  }

  /** Which router holds the session, for an operator's eyes: it may change. Empty before the first Welcome. */
  public String router() {
    return router;
  }

  /** Ends the session. Commands without an answer fail. */
  @Override
  public void close() {
    client.closed(this);
    input(protocol::close);
  }

  private static Command.Builder in(String conversationId) {
    return Command.newBuilder().setConversationId(conversationId);
  }

  private CompletableFuture<Answer> submit(Command command, Duration timeout) {
    PendingCommand pending = new PendingCommand(command, nowMillis() + timeout.toMillis());
    input(() -> protocol.send(pending, nowMillis()));
    return pending.answer;
  }

  // ------------------------------------------------------------ inputs

  void onFrame(int stream, ServerFrame frame) {
    input(() -> protocol.frame(stream, frame, nowMillis()));
  }

  void onClosed(int stream, ParleyException cause) {
    input(() -> {
      calls.remove(stream);
      protocol.closed(stream, cause, nowMillis());
    });
  }

  private void input(Runnable step) {
    loop.execute(() -> {
      step.run();
      state = protocol.state();
      userId = protocol.userId();
      router = protocol.router();
      long wanted = protocol.nextTick();
      if (wanted < tickAt) {
        tickAt = wanted;
        loop.schedule(this::tick, Math.max(1, wanted - nowMillis()));
      }
    });
  }

  private void tick() {
    input(() -> {
      long now = nowMillis();
      if (now >= tickAt) {
        tickAt = Outbox.NEVER;
        protocol.tick(now);
      }
    });
  }

  private static long nowMillis() {
    return System.nanoTime() / 1_000_000;
  }

  // ------------------------------------------------------------ outputs

  /** Does on gRPC what the protocol wants. Used on the loop only. */
  private final class Calls implements Wire {
    @Override
    public void open(int stream) {
      StreamCall call = new StreamCall(stream, ParleySession.this);
      calls.put(stream, call);
      client.tokens().token().whenComplete((token, failure) -> input(() -> {
        if (failure != null) {
          protocol.closed(stream, ParleyException.of(failure), nowMillis());
        } else if (!call.closed()) {
          // Otherwise the channel keeps a pace of its own, up to two minutes between tries.
          client.channel().resetConnectBackoff();
          call.open(stub, token);
          protocol.opened(stream, token);
        }
      }));
    }

    @Override
    public void send(int stream, ClientFrame frame) {
      StreamCall call = calls.get(stream);
      if (call != null) {
        call.send(frame);
      }
    }

    @Override
    public void close(int stream) {
      StreamCall call = calls.remove(stream);
      if (call != null) {
        call.close();
      }
    }

    @Override
    public void fetchToken(int stream) {
      client.tokens().token().whenComplete((token, failure) -> input(() -> {
        if (failure != null) {
          protocol.tokenFailed(ParleyException.of(failure));
        } else {
          protocol.tokenFetched(stream, token, nowMillis());
        }
      }));
    }
  }
}
