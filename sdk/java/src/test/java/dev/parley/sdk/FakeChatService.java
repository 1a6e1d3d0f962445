package dev.parley.sdk;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.parley.v1.CatchUp;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationCursor;
import dev.parley.v1.CreateConversation;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.Events;
import dev.parley.v1.Following;
import dev.parley.v1.Limits;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import dev.parley.v1.Reconnect;
import dev.parley.v1.SendResult;
import dev.parley.v1.SeqRange;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Stored;
import dev.parley.v1.Term;
import dev.parley.v1.User;
import dev.parley.v1.Welcome;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * A server that keeps conversations in memory and speaks the frames of Connect: enough to try a client over a real
 * connection. A token is the user's id. Everything happens under one lock.
 */
final class FakeChatService extends ChatServiceGrpc.ChatServiceImplBase {
  private static final Context.Key<String> USER = Context.key("user");
  private static final Term TERM = Term.newBuilder().setNumber(1).build();

  /** Reads the user from the token. */
  static final ServerInterceptor TOKENS = new ServerInterceptor() {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      String bearer = headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER));
      String user = bearer == null ? "" : bearer.substring("Bearer ".length());
      return Contexts.interceptCall(Context.current().withValue(USER, user), call, headers, next);
    }
  };

  private final Map<String, Log> logs = new LinkedHashMap<>();
  private final Set<Stream> streams = new LinkedHashSet<>();

  private static final class Log {
    final Set<String> members = new LinkedHashSet<>();
    final List<Event> events = new ArrayList<>();
    final Map<String, Long> seqs = new HashMap<>();
  }

  /** Cuts all streams as a killed process would. */
  synchronized void cutAll() {
    for (Stream stream : List.copyOf(streams)) {
      stream.end();
      stream.out.onError(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
    }
  }

  /** Asks all clients to come back on another stream. */
  synchronized void askToReconnect() {
    for (Stream stream : streams) {
      stream.out.onNext(
          ServerFrame.newBuilder().setReconnect(Reconnect.newBuilder().setReason("DRAINING")).build());
    }
  }

  synchronized int streams() {
    return streams.size();
  }

  @Override
  public StreamObserver<ClientFrame> connect(StreamObserver<ServerFrame> out) {
    return new Stream(USER.get(), out);
  }

  @Override
  public synchronized void listEvents(ListEventsRequest request, StreamObserver<ListEventsResponse> out) {
    Log log = logs.get(request.getConversationId());
    if (log == null) {
      out.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    int from = (int) request.getAfter().getSeq();
    int to = Math.min(log.events.size(), from + (request.getPageSize() == 0 ? 64 : request.getPageSize()));
    out.onNext(ListEventsResponse.newBuilder()
        .addPages(Events.newBuilder().setConversationId(request.getConversationId()).setPosition(to).setTerm(TERM)
            .addAllEvents(log.events.subList(Math.min(from, to), to)))
        .setMore(to < log.events.size())
        .build());
    out.onCompleted();
  }

  private final class Stream implements StreamObserver<ClientFrame> {
    final String user;
    final StreamObserver<ServerFrame> out;
    final Map<String, Cursor> cursors = new HashMap<>();

    Stream(String user, StreamObserver<ServerFrame> out) {
      this.user = user;
      this.out = out;
    }

    @Override
    public void onNext(ClientFrame frame) {
      synchronized (FakeChatService.this) {
        switch (frame.getFrameCase()) {
          case HELLO -> welcome();
          case CURSORS -> {
            for (ConversationCursor cursor : frame.getCursors().getCursorsList()) {
              cursors.put(cursor.getConversationId(), cursor.getCursor());
            }
            if (frame.getCursors().getComplete()) {
              catchUp();
            }
          }
          case COMMAND -> handle(this, frame.getCommand());
          default -> { }
        }
      }
    }

    @Override
    public void onError(Throwable failure) {
      end();
    }

    @Override
    public void onCompleted() {
      end();
    }

    void end() {
      synchronized (FakeChatService.this) {
        streams.remove(this);
      }
    }

    private void welcome() {
      out.onNext(ServerFrame.newBuilder().setWelcome(
          Welcome.newBuilder()
              .setServerTime(now())
              .setHeartbeat(Duration.newBuilder().setSeconds(20))
              .setLimits(Limits.newBuilder().setUnacknowledgedFrames(256).setOpenCommands(256))
              .setUser(User.newBuilder().setUserId(user))).build());
    }

    private void catchUp() {
      logs.forEach((id, log) -> {
        if (log.members.contains(user)) {
          int after = cursors.containsKey(id) ? (int) cursors.get(id).getSeq() : log.events.size();
          follow(id, log, after);
          for (int i = after; i < log.events.size(); i++) {
            event(id, log.events.get(i));
          }
        }
      });
      out.onNext(ServerFrame.newBuilder().setCatchUp(CatchUp.newBuilder().setComplete(true)).build());
      streams.add(this);
    }

    void follow(String id, Log log, int after) {
      out.onNext(ServerFrame.newBuilder().setCatchUp(CatchUp.newBuilder().addFollowing(
          Following.newBuilder().setConversationId(id).setAfterSeq(after)
              .addReadable(SeqRange.newBuilder().setFirstSeq(1))
              .setHead(cursor(log.events.size())))).build());
    }

    void event(String id, Event event) {
      out.onNext(ServerFrame.newBuilder().setEvents(Events.newBuilder().setConversationId(id)
          .setPosition(event.getSeq()).setTerm(TERM).addEvents(event)).build());
    }
  }

  private void handle(Stream from, Command command) {
    if (command.hasCreate()) {
      create(from, command);
      return;
    }
    Log log = logs.get(command.getConversationId());
    if (log == null) {
      from.out.onNext(ServerFrame.newBuilder().setSendResult(
          SendResult.newBuilder().setClientEventId(command.getClientEventId())
              .setConversationId(command.getConversationId())
              .setRefused(dev.parley.v1.Error.newBuilder().setInfo(
                  com.google.rpc.ErrorInfo.newBuilder().setReason("CONVERSATION_NOT_FOUND")))).build());
      return;
    }
    append(from, command.getConversationId(), log, event(from, log, command).setMessage(command.getMessage()).build());
  }

  private void create(Stream from, Command command) {
    CreateConversation create = command.getCreate();
    String id = command.getConversationId().isEmpty()
        ? UUID.nameUUIDFromBytes((String.join("|", new java.util.TreeSet<>(
            List.of(from.user, create.getMemberIds(0))))).getBytes(StandardCharsets.UTF_8)).toString()
        : command.getConversationId();
    if (logs.containsKey(id)) {
      answer(from, id, command.getClientEventId(), 1, true);
      return;
    }
    Log log = new Log();
    logs.put(id, log);
    log.members.add(from.user);
    log.members.addAll(create.getMemberIdsList());
    streams.stream().filter(s -> log.members.contains(s.user)).forEach(s -> s.follow(id, log, 0));
    append(from, id, log, event(from, log, command).build());
  }

  private static Event.Builder event(Stream from, Log log, Command command) {
    return Event.newBuilder().setSeq(log.events.size() + 1).setSenderId(from.user).setTime(now())
        .setClientEventId(command.getClientEventId()).setMessageCount(log.events.size());
  }

  private void append(Stream from, String id, Log log, Event event) {
    Long known = log.seqs.putIfAbsent(from.user + event.getClientEventId(), event.getSeq());
    if (known != null) {
      answer(from, id, event.getClientEventId(), known, true);
      return;
    }
    log.events.add(event);
    for (Stream stream : streams) {
      if (stream == from) {
        answer(from, id, event.getClientEventId(), event.getSeq(), false);
      } else if (log.members.contains(stream.user)) {
        stream.event(id, event);
      }
    }
  }

  private void answer(Stream to, String id, String clientEventId, long seq, boolean repeated) {
    to.out.onNext(ServerFrame.newBuilder().setSendResult(
        SendResult.newBuilder().setClientEventId(clientEventId).setConversationId(id).setStored(
            Stored.newBuilder().setCursor(cursor(seq)).setTime(now()).setRepeated(repeated))).build());
  }

  private static Cursor cursor(long seq) {
    return Cursor.newBuilder().setSeq(seq).setPosition(seq).setTerm(TERM).build();
  }

  private static Timestamp now() {
    long millis = System.currentTimeMillis();
    return Timestamp.newBuilder().setSeconds(millis / 1000).setNanos((int) (millis % 1000) * 1_000_000).build();
  }
}
