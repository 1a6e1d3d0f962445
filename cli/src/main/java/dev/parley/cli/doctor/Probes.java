package dev.parley.cli.doctor;

import com.google.rpc.ErrorInfo;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ListConversationsRequest;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.MetadataUtils;
import java.util.concurrent.TimeUnit;

/** Single calls that tell whether a server does its work. */
final class Probes {
  /** How long a call may take. */
  static final int SECONDS = 5;

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private Probes() {}

  /** What is done with a connection. */
  interface Look {
    void at(ManagedChannel channel);
  }

  /** Looks through a connection, which ends with it. */
  static void withChannel(String address, ChannelCredentials credentials, Look look) {
    ManagedChannel channel = Grpc.newChannelBuilder(address, credentials).build();
    try {
      look.at(channel);
    } finally {
      channel.shutdownNow();
    }
  }

  /** Whether it says that it serves. */
  static Finding health(String check, ManagedChannel channel, String remedy) {
    try {
      ServingStatus status =
          HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus();
      return status == ServingStatus.SERVING
          ? Finding.good(check, channel.authority() + " is " + status)
          : Finding.bad(check, channel.authority() + " is " + status, remedy);
    } catch (StatusRuntimeException e) {
      return Finding.bad(check, channel.authority() + ": " + Finding.why(e), remedy);
    }
  }

  /** A call without a token must not pass, and must say why. */
  static Finding refusal(ManagedChannel channel) {
    try {
      ChatServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
          .listConversations(ListConversationsRequest.getDefaultInstance());
      return Finding.bad("edge-jwt", "a call without a token passed", "stop using this edge, and report this");
    } catch (StatusRuntimeException e) {
      ErrorInfo info = Errors.info(e);
      return info != null && info.getReason().equals("TOKEN_MISSING")
          ? Finding.good("edge-jwt", "a call without a token is refused")
          : Finding.bad("edge-jwt", "a call without a token ended with " + Finding.why(e), "read the log of envoy");
    }
  }

  /** A call of a user that goes all the way. */
  static Finding roundTrip(ManagedChannel channel, String token) {
    long start = System.nanoTime();
    try {
      ChatServiceGrpc.newBlockingStub(channel)
          .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(bearer(token)))
          .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
          .listConversations(ListConversationsRequest.getDefaultInstance());
      return Finding.good("round-trip", (System.nanoTime() - start) / 1_000_000 + " ms through edge, router and broker");
    } catch (StatusRuntimeException e) {
      return Finding.bad("round-trip", "ended with " + Finding.why(e), "look at the checks above; then at the logs");
    }
  }

  /** Headers of a call with this token. */
  static Metadata bearer(String token) {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + token);
    return headers;
  }
}
