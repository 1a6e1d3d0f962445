package dev.parley.chassis.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.ErrorInfo;
import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.auth.Identities;
import dev.parley.chassis.auth.KeySource;
import dev.parley.chassis.auth.Revocations;
import dev.parley.chassis.auth.TokenVerifier;
import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsPrefix;
import dev.parley.chassis.errors.ConformanceInterceptor;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.BlockUserRequest;
import dev.parley.v1.BlockUserResponse;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Error;
import dev.parley.v1.GetUsersRequest;
import dev.parley.v1.GetUsersResponse;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.User;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chain of interceptors on a real server: what a client sees when it, or the service, does wrong. */
class GrpcServerIT {
  @SettingsPrefix("parley.it")
  record ItSettings(ServerSettings server, @Setting(value = "0", doc = "Nothing.") int nothing) {}

  @TempDir Path directory;
  private final ConformanceInterceptor conformance = new ConformanceInterceptor();
  private final List<String> sessionEnds = new CopyOnWriteArrayList<>();
  private DevKeys keys;
  private KeySource source;
  private GrpcServer server;
  private ManagedChannel channel;

  /** Greets, and fails as it is told to. */
  private final class Greeter extends ChatServiceGrpc.ChatServiceImplBase {
    @Override
    public void getUsers(GetUsersRequest request, StreamObserver<GetUsersResponse> out) {
      out.onNext(
          GetUsersResponse.newBuilder()
              .addUsers(User.newBuilder().setUserId(Identities.current().userId()))
              .build());
      out.onCompleted();
    }

    @Override
    public void blockUser(BlockUserRequest request, StreamObserver<BlockUserResponse> out) {
      switch (request.getUserId()) {
        case "throw" -> throw new IllegalStateException("the password is hunter2");
        case "fail" -> out.onError(new IOException("the password is hunter2"));
        default -> out.onError(Errors.status(dev.parley.v1.ErrorReason.ERROR_REASON_USER_BLOCKED, "no"));
      }
    }

    @Override
    public StreamObserver<ClientFrame> connect(StreamObserver<ServerFrame> out) {
      return new StreamObserver<>() {
        @Override
        public void onNext(ClientFrame frame) {
          out.onNext(ServerFrame.newBuilder().setError(Error.getDefaultInstance()).build());
        }

        @Override
        public void onError(Throwable t) {
          sessionEnds.add(Status.fromThrowable(t).getCode().name());
        }

        @Override
        public void onCompleted() {
          out.onCompleted();
        }
      };
    }
  }

  @BeforeEach
  void start() throws IOException {
    keys = DevKeys.in(directory);
    source = KeySource.of(keys.jwks().toString());
    ServerSettings settings =
        Settings.load(ItSettings.class, "--parley.it.server.listen=127.0.0.1:0", "--parley.it.server.loops=1").server();
    server =
        GrpcServer.builder(settings)
            .auth(new TokenVerifier(source, DevKeys.RULES, Revocations.NONE, Clock.systemUTC()))
            .interceptor(conformance)
            .service(new Greeter())
            .start();
    channel = Grpc.newChannelBuilder("127.0.0.1:" + server.port(), InsecureChannelCredentials.create()).build();
  }

  @AfterEach
  void stop() throws InterruptedException {
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    server.close();
    source.close();
    assertThat(conformance.violations()).isEmpty();
  }

  private String token() {
    return keys.signer().sign("alice", null, Instant.now().plusSeconds(60));
  }

  private Channel as(@Nullable String authorization) {
    Metadata headers = new Metadata();
    if (authorization != null) {
      headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
    }
    return io.grpc.ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private Channel alice() {
    return as("Bearer " + token());
  }

  private static void refused(Runnable call, Status.Code code, String reason) {
    StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(refusal).isNotNull();
    assertThat(refusal.getStatus().getCode()).isEqualTo(code);
    assertThat(Errors.info(refusal)).as("%s", refusal).isNotNull().extracting(ErrorInfo::getReason).isEqualTo(reason);
  }

  private static GetUsersRequest users(String... ids) {
    return GetUsersRequest.newBuilder().addAllUserIds(List.of(ids)).build();
  }

  @Test
  void aCallWithATokenIsMadeInThatUsersName() {
    GetUsersResponse response = ChatServiceGrpc.newBlockingStub(alice()).getUsers(users("x"));

    assertThat(response.getUsers(0).getUserId()).isEqualTo("alice");
  }

  @Test
  void aCallWithoutAGoodTokenIsRefused() {
    refused(
        () -> ChatServiceGrpc.newBlockingStub(channel).getUsers(users("x")),
        Status.Code.UNAUTHENTICATED,
        "TOKEN_MISSING");
    refused(
        () -> ChatServiceGrpc.newBlockingStub(as("Bearer x.y.z")).getUsers(users("x")),
        Status.Code.UNAUTHENTICATED,
        "TOKEN_INVALID");
    String old = keys.signer().sign("alice", null, Instant.now().minusSeconds(1));
    refused(
        () -> ChatServiceGrpc.newBlockingStub(as("bearer " + old)).getUsers(users("x")),
        Status.Code.UNAUTHENTICATED,
        "TOKEN_EXPIRED");
  }

  @Test
  void aRequestThatBreaksARuleIsRefusedBeforeTheService() {
    refused(
        () -> ChatServiceGrpc.newBlockingStub(alice()).getUsers(users()),
        Status.Code.INVALID_ARGUMENT,
        "INVALID_FIELD");
  }

  @Test
  void anExceptionOfTheServiceTellsNothingButItsIncident() {
    for (String how : List.of("throw", "fail")) {
      BlockUserRequest request = BlockUserRequest.newBuilder().setUserId(how).build();
      refused(
          () -> {
            try {
              ChatServiceGrpc.newBlockingStub(alice()).blockUser(request);
            } catch (StatusRuntimeException e) {
              assertThat(e.toString() + e.getTrailers()).doesNotContain("hunter2");
              throw e;
            }
          },
          Status.Code.INTERNAL,
          "INTERNAL");
    }
  }

  @Test
  void aTypedRefusalOfTheServicePassesAsItIs() {
    refused(
        () ->
            ChatServiceGrpc.newBlockingStub(alice()).blockUser(BlockUserRequest.newBuilder().setUserId("x").build()),
        Status.Code.PERMISSION_DENIED,
        "USER_BLOCKED");
  }

  @Test
  void bytesThatAreNoMessageAreMalformed() {
    refused(() -> rawGetUsers(new byte[] {(byte) 0xff, (byte) 0xff}), Status.Code.INVALID_ARGUMENT, "MALFORMED");
  }

  @Test
  void textThatIsNotUtf8IsMalformed() {
    byte[] badText =
        UnknownFieldSet.newBuilder()
            .addField(
                1,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFrom(new byte[] {(byte) 0xc3, 0x28}))
                    .build())
            .build()
            .toByteArray();

    refused(() -> rawGetUsers(badText), Status.Code.INVALID_ARGUMENT, "MALFORMED");
  }

  @Test
  void aMalformedFrameEndsItsStreamAndTheServiceHearsOfIt() {
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    StreamObserver<byte[]> frames =
        ClientCalls.asyncBidiStreamingCall(
            alice().newCall(raw(ChatServiceGrpc.getConnectMethod()), CallOptions.DEFAULT),
            new StreamObserver<>() {
              @Override
              public void onNext(ServerFrame frame) {}

              @Override
              public void onError(Throwable t) {
                end.complete(t);
              }

              @Override
              public void onCompleted() {
                end.complete(new AssertionError("no error"));
              }
            });

    frames.onNext(new byte[] {(byte) 0xff});

    refused(
        () -> {
          throw (StatusRuntimeException) end.join();
        },
        Status.Code.INVALID_ARGUMENT,
        "MALFORMED");
    await().untilAsserted(() -> assertThat(sessionEnds).containsExactly("CANCELLED"));
  }

  @Test
  void aMessageOverTheLimitIsTooLarge() {
    refused(
        () -> ChatServiceGrpc.newBlockingStub(alice()).getUsers(users("x".repeat(300_000))),
        Status.Code.RESOURCE_EXHAUSTED,
        "TOO_LARGE");
  }

  @Test
  void aMessageOverTheTransportsLimitIsRefusedWithoutAReason() {
    StatusRuntimeException refusal =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> ChatServiceGrpc.newBlockingStub(alice()).getUsers(users("x".repeat(2_000_000))));

    assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void healthFollowsReadinessAndNeedsNoToken() {
    var health = HealthGrpc.newBlockingStub(channel);
    HealthCheckRequest request = HealthCheckRequest.getDefaultInstance();

    assertThat(health.check(request).getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
    server.ready();
    assertThat(health.check(request).getStatus()).isEqualTo(ServingStatus.SERVING);
    server.draining();
    assertThat(health.check(request).getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
  }

  @Test
  void reflectionKnowsTheService() {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> questions =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable t) {
                    answer.completeExceptionally(t);
                  }

                  @Override
                  public void onCompleted() {}
                });

    questions.onNext(
        ServerReflectionRequest.newBuilder().setFileContainingSymbol("parley.v1.ChatService").build());

    assertThat(answer.join().getFileDescriptorResponse().getFileDescriptorProtoCount()).isPositive();
    questions.onCompleted();
  }

  private void rawGetUsers(byte[] request) {
    ClientCalls.blockingUnaryCall(alice(), raw(ChatServiceGrpc.getGetUsersMethod()), CallOptions.DEFAULT, request);
  }

  private static <A> MethodDescriptor<byte[], A> raw(MethodDescriptor<?, A> method) {
    return method.<byte[], A>toBuilder(new Bytes(), method.getResponseMarshaller()).build();
  }

  /** Sends what no client of the contract could. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
