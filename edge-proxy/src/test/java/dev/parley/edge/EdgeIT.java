package dev.parley.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.rpc.ErrorInfo;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.GetUsersRequest;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client meets at the edge while all routers are well. */
class EdgeIT {
  private static EdgeRig rig;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    rig = new EdgeRig(directory);
    await().until(() -> health(rig.connect()) == ServingStatus.SERVING);
  }

  @AfterAll
  static void stop() throws Exception {
    rig.close();
  }

  private static ServingStatus health(Channel channel) {
    try {
      return HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance()).getStatus();
    } catch (StatusRuntimeException notYet) {
      return ServingStatus.UNKNOWN;
    }
  }

  private static String call(Channel channel) {
    return ChatServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(10, TimeUnit.SECONDS)
        .getUsers(GetUsersRequest.newBuilder().addUserIds("x").build())
        .getUsers(0)
        .getUserId();
  }

  private static void refused(Channel channel, String reason) {
    StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, () -> call(channel));
    assertThat(refusal).isNotNull();
    assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(Errors.info(refusal)).as("%s", refusal).isNotNull().extracting(ErrorInfo::getReason).isEqualTo(reason);
  }

  @Test
  void aTokenOpensCallsAndStreams() throws Exception {
    Channel channel = rig.connect("Bearer " + rig.token());

    assertThat(call(channel)).isIn("one", "two");
    TestStream stream = new TestStream(channel);
    assertThat(stream.ask()).isEqualTo(stream.ask());
    stream.end();
  }

  @Test
  void aCallWithoutATokenIsToldSo() throws Exception {
    refused(rig.connect(), "TOKEN_MISSING");
  }

  @Test
  void anExpiredTokenIsToldSo() throws Exception {
    String old = rig.signer().sign("alice", null, Instant.now().minusSeconds(60));

    refused(rig.connect("Bearer " + old), "TOKEN_EXPIRED");
  }

  @Test
  void aTokenThatCannotBeAcceptedIsToldSo() throws Exception {
    String token = rig.token();

    refused(rig.connect("Bearer " + token.substring(0, token.length() - 10)), "TOKEN_INVALID");
    refused(rig.connect("Bearer nonsense"), "TOKEN_INVALID");
  }

  @Test
  void aStreamWithoutATokenIsRefusedLikeACall() throws Exception {
    TestStream stream = new TestStream(rig.connect());

    assertThat(Errors.info(stream.failure())).isNotNull().extracting(ErrorInfo::getReason).isEqualTo("TOKEN_MISSING");
  }

  @Test
  void reflectionWorksThroughTheEdgeWithAToken() throws Exception {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> questions =
        ServerReflectionGrpc.newStub(rig.connect("Bearer " + rig.token()))
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
                  public void onCompleted() {
                    answer.completeExceptionally(new AssertionError("no answer"));
                  }
                });

    questions.onNext(ServerReflectionRequest.newBuilder().setListServices("*").build());

    assertThat(answer.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList())
        .anyMatch(service -> service.getName().equals("parley.v1.ChatService"));
    questions.onCompleted();
  }

  @Test
  void streamsAreSpreadOverTheRouters() throws Exception {
    Channel channel = rig.connect("Bearer " + rig.token());
    Set<String> routers = new HashSet<>();

    for (int i = 0; i < 16; i++) {
      routers.add(new TestStream(channel).ask());
    }

    assertThat(routers).containsExactlyInAnyOrder("one", "two");
  }

  @Test
  void oversizedHeadersEndTheirCallAndNoOther() throws Exception {
    Channel good = rig.connect("Bearer " + rig.token());
    TestStream stream = new TestStream(good);
    Metadata.Key<String> key = Metadata.Key.of("padding", Metadata.ASCII_STRING_MARSHALLER);
    Channel bad = EdgeRig.with(good, key, "x".repeat(64 * 1024));

    assertThat(catchThrowableOfType(StatusRuntimeException.class, () -> call(bad))).isNotNull();

    assertThat(stream.ask()).isIn("one", "two");
    stream.end();
  }

  @Test
  void whatIsNoMethodIsUnimplemented() throws Exception {
    Channel channel = rig.connect("Bearer " + rig.token());
    StatusRuntimeException refusal =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> io.grpc.channelz.v1.ChannelzGrpc.newBlockingStub(channel)
                .getServers(io.grpc.channelz.v1.GetServersRequest.getDefaultInstance()));

    assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
  }
}
