package dev.parley.router.api;

import dev.parley.chassis.telemetry.CallTrace;
import dev.parley.chassis.telemetry.Traced;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Request;
import dev.parley.router.session.Allowances.Kind;
import dev.parley.router.session.ConnectCall;
import dev.parley.router.session.EncodedFrame;
import dev.parley.router.session.Sessions;
import dev.parley.router.shard.Answer;
import dev.parley.router.shard.MarkAnswer;
import dev.parley.router.shard.ShardHost;
import dev.parley.router.user.Blocks;
import dev.parley.router.user.Profiles;
import dev.parley.v1.AddMembersRequest;
import dev.parley.v1.AddMembersResponse;
import dev.parley.v1.BlockUserRequest;
import dev.parley.v1.BlockUserResponse;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.CreateConversationRequest;
import dev.parley.v1.CreateConversationResponse;
import dev.parley.v1.GetConversationRequest;
import dev.parley.v1.GetConversationResponse;
import dev.parley.v1.GetUsersRequest;
import dev.parley.v1.GetUsersResponse;
import dev.parley.v1.JoinConversation;
import dev.parley.v1.JoinConversationRequest;
import dev.parley.v1.JoinConversationResponse;
import dev.parley.v1.LeaveConversation;
import dev.parley.v1.LeaveConversationRequest;
import dev.parley.v1.LeaveConversationResponse;
import dev.parley.v1.ListBlockedUsersRequest;
import dev.parley.v1.ListBlockedUsersResponse;
import dev.parley.v1.ListConversationsRequest;
import dev.parley.v1.ListConversationsResponse;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import dev.parley.v1.ListMembersRequest;
import dev.parley.v1.ListMembersResponse;
import dev.parley.v1.RemoveMemberRequest;
import dev.parley.v1.RemoveMemberResponse;
import dev.parley.v1.RenameConversationRequest;
import dev.parley.v1.RenameConversationResponse;
import dev.parley.v1.SendRequest;
import dev.parley.v1.SendResponse;
import dev.parley.v1.SetMemberRoleRequest;
import dev.parley.v1.SetMemberRoleResponse;
import dev.parley.v1.SetReadMarkRequest;
import dev.parley.v1.SetReadMarkResponse;
import dev.parley.v1.Stored;
import dev.parley.v1.UnblockUserRequest;
import dev.parley.v1.UnblockUserResponse;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** ChatService on the wire: each call becomes a question to a shard, and its answer a message. Thread-safe. */
public final class ChatGrpcService implements BindableService, ChatServiceGrpc.AsyncService {
  private final Shards shards;
  private final Listings listings;
  private final Sessions sessions;
  private final Calls calls;
  private final Blocks blocks;
  private final Profiles profiles;

  /** A service over these parts. */
  public ChatGrpcService(
      Shards shards, Listings listings, Sessions sessions, Calls calls, Blocks blocks, Profiles profiles) {
    this.shards = shards;
    this.listings = listings;
    this.sessions = sessions;
    this.calls = calls;
    this.blocks = blocks;
    this.profiles = profiles;
  }

  /** As generated, but Connect answers with frames that are encoded already. */
  @Override
  public ServerServiceDefinition bindService() {
    MethodDescriptor<ClientFrame, EncodedFrame> connect =
        ChatServiceGrpc.getConnectMethod()
            .toBuilder(ChatServiceGrpc.getConnectMethod().getRequestMarshaller(), new EncodedFrameMarshaller())
            .build();
    ServerServiceDefinition generated = ChatServiceGrpc.bindService(this);
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(generated.getServiceDescriptor().getName())
            .setSchemaDescriptor(generated.getServiceDescriptor().getSchemaDescriptor())
            .addMethod(connect);
    for (MethodDescriptor<?, ?> method : generated.getServiceDescriptor().getMethods()) {
      if (!method.getFullMethodName().equals(connect.getFullMethodName())) {
        descriptor.addMethod(method);
      }
    }
    ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(descriptor.build());
    service.addMethod(connect, ServerCalls.asyncBidiStreamingCall(this::open));
    for (ServerMethodDefinition<?, ?> method : generated.getMethods()) {
      if (!method.getMethodDescriptor().getFullMethodName().equals(connect.getFullMethodName())) {
        service.addMethod(method);
      }
    }
    return service.build();
  }

  private StreamObserver<ClientFrame> open(StreamObserver<EncodedFrame> responses) {
    return ConnectCall.open(sessions, calls.caller(), responses);
  }

  // ------------------------------------------------------------------ commands

  @Override
  public void send(SendRequest request, StreamObserver<SendResponse> response) {
    if (request.getCommand().hasCreate()) {
      response.onError(
          Calls.status(Refusal.invalidField("command.create", "has its own call: CreateConversation")));
      return;
    }
    command(request.getCommand(), response, stored -> SendResponse.newBuilder().setStored(stored).build());
  }

  @Override
  public void createConversation(
      CreateConversationRequest request, StreamObserver<CreateConversationResponse> response) {
    String userId = calls.caller().userId();
    Command command =
        command(request.getConversationId(), request.getClientEventId()).setCreate(request.getConversation()).build();
    Calls.answer(
        execute(userId, command)
            .thenCompose(
                done -> shards.of(done.request().conversationId()).describe(done.request().conversationId(), userId))
            .thenApply(
                conversation -> CreateConversationResponse.newBuilder().setConversation(conversation).build()),
        response);
  }

  @Override
  public void addMembers(AddMembersRequest request, StreamObserver<AddMembersResponse> response) {
    command(
        command(request.getConversationId(), request.getClientEventId())
            .setAddMembers(request.getAddMembers())
            .build(),
        response,
        stored -> AddMembersResponse.newBuilder().setStored(stored).build());
  }

  @Override
  public void removeMember(RemoveMemberRequest request, StreamObserver<RemoveMemberResponse> response) {
    command(
        command(request.getConversationId(), request.getClientEventId())
            .setRemoveMember(request.getRemoveMember())
            .build(),
        response,
        stored -> RemoveMemberResponse.newBuilder().setStored(stored).build());
  }

  @Override
  public void setMemberRole(SetMemberRoleRequest request, StreamObserver<SetMemberRoleResponse> response) {
    command(
        command(request.getConversationId(), request.getClientEventId()).setSetRole(request.getSetRole()).build(),
        response,
        stored -> SetMemberRoleResponse.newBuilder().setStored(stored).build());
  }

  @Override
  public void joinConversation(
      JoinConversationRequest request, StreamObserver<JoinConversationResponse> response) {
    command(
        command(request.getConversationId(), request.getClientEventId())
            .setJoin(JoinConversation.getDefaultInstance())
            .build(),
        response,
        stored -> JoinConversationResponse.newBuilder().setStored(stored).build());
  }

  @Override
  public void leaveConversation(
      LeaveConversationRequest request, StreamObserver<LeaveConversationResponse> response) {
    command(
        command(request.getConversationId(), request.getClientEventId())
            .setLeave(LeaveConversation.getDefaultInstance())
            .build(),
        response,
        stored -> LeaveConversationResponse.newBuilder().setStored(stored).build());
  }

  @Override
  public void renameConversation(
      RenameConversationRequest request, StreamObserver<RenameConversationResponse> response) {
    command(
        command(request.getConversationId(), request.getClientEventId()).setRename(request.getRename()).build(),
        response,
        stored -> RenameConversationResponse.newBuilder().setStored(stored).build());
  }

  private static Command.Builder command(String conversationId, String clientEventId) {
    return Command.newBuilder().setConversationId(conversationId).setClientEventId(clientEventId);
  }

  private <R> void command(Command command, StreamObserver<R> response, Function<Stored, R> answer) {
    Calls.answer(execute(calls.caller().userId(), command).thenApply(done -> answer.apply(done.stored())), response);
  }

  private record Done(Request request, Stored stored) {}

  private CompletableFuture<Done> execute(String userId, Command command) {
    long begun = sessions.metrics().begin();
    return calls
        .within(Kind.COMMAND, userId, () -> submit(userId, command))
        .whenComplete(
            (done, failure) ->
                sessions.metrics().answered(begun, failure == null ? null : ShardHost.refusal(failure).reason()));
  }

  private CompletableFuture<Done> submit(String userId, Command command) {
    Request checked;
    try {
      checked = Request.of(userId, command);
    } catch (RefusedException e) {
      return CompletableFuture.failedFuture(e);
    }
    Traced span = sessions.metrics().traces().goOn("send", CallTrace.current());
    Request request = span == null ? checked : checked.traced(span.context());
    CompletableFuture<Done> done = submit(request, command.getSerializedSize());
    return span == null ? done : done.whenComplete((stored, failure) -> ended(span, failure));
  }

  private static void ended(Traced span, @Nullable Throwable failure) {
    if (failure == null) {
      span.end();
    } else {
      span.fail(ShardHost.refusal(failure).reason().name());
    }
  }

  private CompletableFuture<Done> submit(Request request, int bytes) {
    return shards
        .of(request.conversationId())
        .submit(request, bytes)
        .thenApply(
            answer ->
                switch (answer) {
                  case Answer.Refused refused -> throw new RefusedException(refused.refusal());
                  case Answer.Stored stored -> new Done(request, stored.toProto(sessions.durability().get()));
                  case Answer.Bounced bounced -> throw new IllegalArgumentException("no outcome: " + bounced);
                });
  }

  // ------------------------------------------------------------------ reading

  @Override
  public void getConversation(GetConversationRequest request, StreamObserver<GetConversationResponse> response) {
    String id = request.getConversationId();
    calls.read(
        response,
        userId ->
            shards
                .of(id)
                .describe(id, userId)
                .thenApply(
                    conversation -> GetConversationResponse.newBuilder().setConversation(conversation).build()));
  }

  @Override
  public void listConversations(
      ListConversationsRequest request, StreamObserver<ListConversationsResponse> response) {
    calls.read(response, userId -> listings.conversations(userId, request));
  }

  @Override
  public void listMembers(ListMembersRequest request, StreamObserver<ListMembersResponse> response) {
    calls.read(response, userId -> listings.members(userId, request));
  }

  @Override
  public void listEvents(ListEventsRequest request, StreamObserver<ListEventsResponse> response) {
    calls.read(response, userId -> listings.events(userId, request));
  }

  @Override
  public void setReadMark(SetReadMarkRequest request, StreamObserver<SetReadMarkResponse> response) {
    String userId = calls.caller().userId();
    Calls.answer(
        calls.within(
            Kind.READ_MARK,
            userId,
            () ->
                shards
                    .of(request.getConversationId())
                    .mark(userId, request.getConversationId(), request.getSeq())
                    .thenApply(ChatGrpcService::response)),
        response);
  }

  private static SetReadMarkResponse response(MarkAnswer answer) {
    return switch (answer) {
      case MarkAnswer.Refused refused -> throw new RefusedException(refused.refusal());
      case MarkAnswer.Marked marked ->
          SetReadMarkResponse.newBuilder()
              .setReadSeq(marked.readSeq())
              .setUnreadCount(marked.unreadCount())
              .build();
    };
  }

  // ------------------------------------------------------------------ users

  @Override
  public void getUsers(GetUsersRequest request, StreamObserver<GetUsersResponse> response) {
    calls.read(
        response,
        userId ->
            profiles
                .of(request.getUserIdsList())
                .thenApply(users -> GetUsersResponse.newBuilder().addAllUsers(users).build()));
  }

  @Override
  public void blockUser(BlockUserRequest request, StreamObserver<BlockUserResponse> response) {
    String userId = calls.caller().userId();
    if (userId.equals(request.getUserId())) {
      response.onError(Calls.status(Refusal.invalidField("user_id", "must be somebody else")));
      return;
    }
    Calls.answer(
        calls.within(Kind.COMMAND, userId, () -> blocks.set(userId, request.getUserId(), true))
            .thenApply(done -> BlockUserResponse.getDefaultInstance()),
        response);
  }

  @Override
  public void unblockUser(UnblockUserRequest request, StreamObserver<UnblockUserResponse> response) {
    String userId = calls.caller().userId();
    Calls.answer(
        calls.within(Kind.COMMAND, userId, () -> blocks.set(userId, request.getUserId(), false))
            .thenApply(done -> UnblockUserResponse.getDefaultInstance()),
        response);
  }

  @Override
  public void listBlockedUsers(
      ListBlockedUsersRequest request, StreamObserver<ListBlockedUsersResponse> response) {
    calls.read(
        response,
        userId ->
            CompletableFuture.completedFuture(
                ListBlockedUsersResponse.newBuilder().addAllUserIds(blocks.of(userId)).build()));
  }
}
