package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.parley.chassis.errors.Errors;
import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.conversation.ClientEventIds;
import dev.parley.sdk.ParleyException;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.Credit;
import dev.parley.v1.Cursors;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.GetConversationRequest;
import dev.parley.v1.GetConversationResponse;
import dev.parley.v1.Hello;
import dev.parley.v1.ListConversationsRequest;
import dev.parley.v1.Message;
import dev.parley.v1.ReadMark;
import dev.parley.v1.SendRequest;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Typing;
import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What no well-behaved client sends: a typed error for the sender, nothing for anybody else. */
class BadInputIT {
  private static final int READS_PER_SECOND = 30;
  private static final int READ_MARKS_PER_SECOND = 10;

  @TempDir static Path data;
  private static LiveStack parley;

  @BeforeAll
  static void start() throws Exception {
    // Low, so that a slow machine gets above them too.
    parley =
        new LiveStack(
            data,
            "--parley.router.session.reads-per-second=" + READS_PER_SECOND,
            "--parley.router.session.read-marks-per-second=" + READ_MARKS_PER_SECOND);
  }

  @AfterAll
  static void stop() throws Exception {
    parley.close();
  }

  private static final MethodDescriptor.Marshaller<ByteString> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(ByteString value) {
          return new ByteArrayInputStream(value.toByteArray());
        }

        @Override
        public ByteString parse(InputStream stream) {
          try {
            return ByteString.readFrom(stream);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  /** A Connect stream by hand. */
  private static final class Stream implements StreamObserver<ServerFrame> {
    final List<ServerFrame> frames = new CopyOnWriteArrayList<>();
    volatile @Nullable Throwable failure;
    private final StreamObserver<ByteString> out;

    Stream(String token) throws IOException {
      Metadata headers = new Metadata();
      headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
      MethodDescriptor<ByteString, ServerFrame> connect =
          ChatServiceGrpc.getConnectMethod()
              .toBuilder(BYTES, ChatServiceGrpc.getConnectMethod().getResponseMarshaller())
              .build();
      out =
          ClientCalls.asyncBidiStreamingCall(
              io.grpc.ClientInterceptors.intercept(
                      parley.channel(), MetadataUtils.newAttachHeadersInterceptor(headers))
                  .newCall(connect, CallOptions.DEFAULT),
              this);
    }

    void send(ClientFrame.Builder frame) {
      out.onNext(frame.build().toByteString());
    }

    void sendBytes(ByteString bytes) {
      out.onNext(bytes);
    }

    Stream open() {
      send(ClientFrame.newBuilder().setHello(Hello.newBuilder().setDeviceId("by-hand")));
      send(ClientFrame.newBuilder().setCursors(Cursors.newBuilder().setComplete(true)));
      await().until(() -> frames.stream().anyMatch(frame -> frame.getCatchUp().getComplete()));
      return this;
    }

    void awaitError(ErrorReason reason) {
      await()
          .untilAsserted(
              () -> assertThat(frames.stream().map(Stream::reasonOf)).contains(Errors.name(reason)));
    }

    private static String reasonOf(ServerFrame frame) {
      return frame.hasSendResult()
          ? frame.getSendResult().getRefused().getInfo().getReason()
          : frame.getError().getInfo().getReason();
    }

    void awaitEnd(ErrorReason reason) {
      await().until(() -> failure != null);
      var info = Errors.info(Objects.requireNonNull(failure));
      assertThat(info).isNotNull();
      assertThat(Objects.requireNonNull(info).getReason()).isEqualTo(Errors.name(reason));
    }

    @Override
    public void onNext(ServerFrame frame) {
      frames.add(frame);
    }

    @Override
    public void onError(Throwable error) {
      failure = error;
    }

    @Override
    public void onCompleted() {}
  }

  private static Stream stream(String user) throws IOException {
    return new Stream(parley.token(user, Duration.ofHours(1)));
  }

  private static ClientFrame.Builder message(String conversation, String text) {
    return ClientFrame.newBuilder()
        .setCommand(
            Command.newBuilder()
                .setConversationId(conversation)
                .setClientEventId(ClientEventIds.create(Instant.now()))
                .setMessage(Message.newBuilder().setText(text)));
  }

  private static ErrorReason reason(Runnable call) {
    StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call::run);
    return Errors.reason(Objects.requireNonNull(Errors.info(failure)));
  }

  @Test
  void oversizeFramesAreRefusedByTheirSize() throws Exception {
    String some = UUID.randomUUID().toString();
    Stream stream = stream("big").open();
    stream.send(message(some, "x".repeat(70_000)));
    stream.awaitError(ErrorReason.ERROR_REASON_TOO_LARGE);
    assertThat(stream.failure).isNull();
    stream.send(message(some, "x".repeat(300_000)));
    stream.awaitEnd(ErrorReason.ERROR_REASON_TOO_LARGE);
  }

  @Test
  void bytesThatAreNoFrameOrNoUtf8EndTheStreamWithMalformed() throws Exception {
    Stream garbage = stream("garbage").open();
    garbage.sendBytes(ByteString.copyFrom(new byte[] {(byte) 0xff, (byte) 0xff, 1, 2, 3}));
    garbage.awaitEnd(ErrorReason.ERROR_REASON_MALFORMED);

    Stream latin1 = stream("latin1").open();
    ByteString frame = message(UUID.randomUUID().toString(), "caf@").build().toByteString();
    byte[] bytes = frame.toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '@') {
        bytes[i] = (byte) 0xe9;
      }
    }
    latin1.sendBytes(ByteString.copyFrom(bytes));
    latin1.awaitEnd(ErrorReason.ERROR_REASON_MALFORMED);
  }

  @Test
  void aFrameThatTheServerDoesNotKnowIsSaidAndTheStreamGoesOn() throws Exception {
    Stream stream = stream("newer").open();
    stream.send(
        ClientFrame.newBuilder()
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(99, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build()));
    stream.awaitError(ErrorReason.ERROR_REASON_UNKNOWN_FRAME);
    assertThat(stream.failure).isNull();
  }

  @Test
  void idsWithCharactersOfTheBrokerAreNoIdsAndUsersWithThemAreUsers() throws Exception {
    Stream stream = stream("ids").open();
    for (String id : List.of(">", "*", "a.b", "a b", "chat.0.>", "")) {
      int before = stream.frames.size();
      stream.send(message(id, "hello"));
      await().until(() -> stream.frames.size() > before);
      assertThat(Stream.reasonOf(stream.frames.getLast())).as("id '%s'", id).isEqualTo("INVALID_FIELD");
    }
    stream.send(
        ClientFrame.newBuilder().setTyping(Typing.newBuilder().setConversationId("*")));
    stream.awaitError(ErrorReason.ERROR_REASON_INVALID_FIELD);

    String odd = "o'dd > user.* \u00e9 \u4f60";
    Device first = parley.connect(odd, "phone");
    String conversation = first.session().createDirect("plain.user").get(20, TimeUnit.SECONDS);
    first.session().sendText(conversation, "hello").get(20, TimeUnit.SECONDS);
    Device again = parley.connect("plain.user", "phone");
    again.session().sendText(conversation, "hello yourself").get(20, TimeUnit.SECONDS);
    first.heard().awaitSeq(conversation, 3);
  }

  @Test
  void anAbsentAndAForeignConversationLookTheSame() throws Exception {
    Device owner = parley.connect("foreign-owner", "phone");
    String foreign =
        owner.session().createGroup("not yours", List.of()).get(20, TimeUnit.SECONDS);
    String absent = owner.session().newId();
    Stream stranger = stream("stranger").open();
    for (String id : List.of(foreign, absent)) {
      int before = stranger.frames.size();
      stranger.send(message(id, "let me in"));
      await().until(() -> stranger.frames.size() > before);
      assertThat(Stream.reasonOf(stranger.frames.getLast())).isEqualTo("CONVERSATION_NOT_FOUND");
      stranger.send(
          ClientFrame.newBuilder().setReadMark(ReadMark.newBuilder().setConversationId(id).setSeq(1)));
      await().until(() -> stranger.frames.size() > before + 1);
      assertThat(Stream.reasonOf(stranger.frames.getLast())).isEqualTo("CONVERSATION_NOT_FOUND");
    }
    var calls = parley.client("stranger").blocking();
    List<String> answers =
        List.of(foreign, absent).stream()
            .map(
                id ->
                    catchThrowableOfType(
                            StatusRuntimeException.class,
                            () ->
                                calls.getConversation(
                                    GetConversationRequest.newBuilder().setConversationId(id).build()))
                        .getStatus()
                        .toString())
            .toList();
    assertThat(answers.getFirst()).isEqualTo(answers.getLast()).contains("NOT_FOUND");
  }

  @Test
  void wrongAndExpiredTokensAreRefusedAndOneEndsInsideTheStream() throws Exception {
    ManagedChannel channel = parley.channel();
    assertThat(reason(() -> call(channel, null))).isEqualTo(ErrorReason.ERROR_REASON_TOKEN_MISSING);
    assertThat(reason(() -> call(channel, "not.a.token"))).isEqualTo(ErrorReason.ERROR_REASON_TOKEN_INVALID);
    assertThat(reason(() -> call(channel, parley.token("late", Duration.ofMinutes(-5)))))
        .isEqualTo(ErrorReason.ERROR_REASON_TOKEN_EXPIRED);

    Stream stream = new Stream(parley.token("soon", Duration.ofSeconds(3))).open();
    stream.awaitEnd(ErrorReason.ERROR_REASON_TOKEN_EXPIRED);
    stream.awaitError(ErrorReason.ERROR_REASON_TOKEN_EXPIRED);
  }

  private static void call(ManagedChannel channel, @Nullable String token) {
    var stub = ChatServiceGrpc.newBlockingStub(channel);
    if (token != null) {
      stub =
          stub.withCallCredentials(
              new CallCredentials() {
                @Override
                public void applyRequestMetadata(
                    RequestInfo info, java.util.concurrent.Executor executor, MetadataApplier applier) {
                  Metadata headers = new Metadata();
                  headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
                  applier.apply(headers);
                }
              });
    }
    var unused = stub.listConversations(ListConversationsRequest.getDefaultInstance());
  }

  @Test
  void framesOutOfOrderEndTheStream() throws Exception {
    Stream eager = stream("eager");
    eager.send(message(UUID.randomUUID().toString(), "before hello"));
    eager.awaitEnd(ErrorReason.ERROR_REASON_PROTOCOL_VIOLATION);
    Stream rich = stream("rich").open();
    rich.send(ClientFrame.newBuilder().setCredit(Credit.newBuilder().setFrames(1_000_000)));
    rich.awaitEnd(ErrorReason.ERROR_REASON_PROTOCOL_VIOLATION);
  }

  @Test
  void aFloodIsSlowedDownAndOthersDoNotNotice() throws Exception {
    Device ann = parley.connect("calm-ann", "phone");
    Device ben = parley.connect("calm-ben", "phone");
    String id = ann.session().createDirect("calm-ben").get(20, TimeUnit.SECONDS);
    Stream flood = stream("flood").open();
    for (int i = 0; i < 5_000; i++) {
      flood.send(message(id, "spam " + i));
    }
    for (int i = 0; i < 50; i++) {
      ann.session().sendText(id, "calm " + i).get(20, TimeUnit.SECONDS);
    }
    flood.awaitError(ErrorReason.ERROR_REASON_RATE_LIMITED);
    ben.heard().awaitSeq(id, 51);
    assertThat(ben.heard().texts(id)).hasSize(50).allMatch(text -> text.startsWith("calm"));
  }

  @Test
  void aFloodOfReadsIsRefusedAndOthersRead() throws Exception {
    Device ann = parley.connect("reading-ann", "phone");
    String id = ann.session().createDirect("reading-ben").get(20, TimeUnit.SECONDS);
    GetConversationRequest read = GetConversationRequest.newBuilder().setConversationId(id).build();
    var calls = parley.client("reading-ann").async();
    List<ListenableFuture<GetConversationResponse>> flood =
        IntStream.range(0, 20 * READS_PER_SECOND).mapToObj(i -> calls.getConversation(read)).toList();
    var calm = parley.client("reading-ben").blocking();
    for (int i = 0; i < READS_PER_SECOND; i++) {
      assertThat(calm.getConversation(read).getConversation().getConversationId()).isEqualTo(id);
    }

    List<ParleyException> refused = flood.stream().flatMap(BadInputIT::failure).toList();
    assertThat(refused).isNotEmpty().hasSizeLessThan(flood.size());
    assertThat(refused)
        .allSatisfy(
            why -> {
              assertThat(why.reason()).isEqualTo(ErrorReason.ERROR_REASON_RATE_LIMITED);
              assertThat(why.retryAfter()).isPositive();
            });
    ann.session().sendText(id, "commands are counted by themselves").get(20, TimeUnit.SECONDS);
  }

  private static java.util.stream.Stream<ParleyException> failure(Future<?> call) {
    try {
      call.get(30, TimeUnit.SECONDS);
      return java.util.stream.Stream.empty();
    } catch (ExecutionException refused) {
      return java.util.stream.Stream.of(ParleyException.of(refused));
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFloodOfReadMarksIsRefusedAndOthersMarkWhatTheyHaveRead() throws Exception {
    Device ann = parley.connect("marking-ann", "phone");
    Device ben = parley.connect("marking-ben", "phone");
    String id = ann.session().createDirect("marking-ben").get(20, TimeUnit.SECONDS);
    ann.session().sendText(id, "read me").get(20, TimeUnit.SECONDS);
    ben.heard().awaitSeq(id, 2);
    Stream flood = stream("marking-ann").open();
    ClientFrame.Builder mark =
        ClientFrame.newBuilder().setReadMark(ReadMark.newBuilder().setConversationId(id).setSeq(1));
    for (int i = 0; i < 50 * READ_MARKS_PER_SECOND; i++) {
      flood.send(mark);
    }
    ben.session().markRead(id, 2);

    await()
        .untilAsserted(
            () ->
                assertThat(flood.frames.stream().map(ServerFrame::getError))
                    .anySatisfy(
                        error -> {
                          assertThat(error.getInfo().getReason()).isEqualTo("RATE_LIMITED");
                          assertThat(error.getConversationId()).isEqualTo(id);
                          assertThat(error.hasRetry()).isTrue();
                        }));
    await()
        .untilAsserted(
            () ->
                assertThat(ann.heard().receipts)
                    .anySatisfy(
                        receipt -> {
                          assertThat(receipt.getUserId()).isEqualTo("marking-ben");
                          assertThat(receipt.getReadSeq()).isEqualTo(2);
                        }));
    assertThat(ben.heard().errors).isEmpty();
    assertThat(flood.failure).isNull();
  }

  @Test
  void aUnaryCallWithBadFieldsNamesTheField() {
    var calls = parley.client("fields").blocking();
    StatusRuntimeException failure =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> {
              GetConversationResponse unused =
                  calls.getConversation(GetConversationRequest.newBuilder().setConversationId("a.b").build());
            });
    var info = Objects.requireNonNull(Errors.info(failure));
    assertThat(info.getReason()).isEqualTo("INVALID_FIELD");
    assertThat(info.getMetadataMap()).containsEntry("field", "conversation_id");
    assertThat(
            reason(
                () -> {
                  var unused = calls.send(SendRequest.getDefaultInstance());
                }))
        .isEqualTo(ErrorReason.ERROR_REASON_INVALID_FIELD);
  }
}
