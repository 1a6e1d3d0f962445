package dev.parley.cli.doctor;

import com.google.rpc.ErrorInfo;
import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.errors.Errors;
import dev.parley.cli.stack.DispatcherProcess;
import dev.parley.cli.stack.GatewayProcess;
import dev.parley.cli.stack.LinkSecret;
import dev.parley.cli.stack.PresenceProcess;
import dev.parley.cli.stack.PushLabProcess;
import dev.parley.cli.stack.StackState;
import dev.parley.internal.v1.GetPresenceStatusResponse;
import dev.parley.internal.v1.NodeStatus;
import dev.parley.parts.RedisServer;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ListConversationsRequest;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Whether what {@code up} started does its work: each process, the broker, the router, the edge, and the way through. */
public final class StackChecks {
  private static final int SECONDS = 5;

  private final StackState state;
  private final Path data;

  /** For the stack with this state and data directory. */
  public StackChecks(StackState state, Path data) {
    this.state = state;
    this.data = data;
  }

  /** All of them, from the inside out: the first that is bad is mostly the cause of the others. */
  public List<Finding> run() throws IOException {
    List<Finding> findings = new ArrayList<>();
    state.processes().forEach((name, ref) -> findings.add(
        ref.running().isPresent()
            ? Finding.good(name, "runs with pid " + ref.pid())
            : Finding.bad(name, "has ended", "read " + state.logs().get(name) + ", then ./parley down and up")));
    findings.add(new BrokerCheck(state.natsMonitorUrl()).run());
    findings.add(presence());
    findings.add(gateway());
    findings.add(phones());
    Probes.withChannel(
        state.dispatcher(),
        InsecureChannelCredentials.create(),
        channel ->
            findings.add(
                Probes.health(
                    "dispatcher",
                    channel,
                    "read the log of " + DispatcherProcess.NAME + "; messages go on, pushes and webhooks come later")));
    state.routers().forEach((name, address) -> withRouter(name, address, findings));
    withEdge(findings);
    return findings;
  }

  /** Whether it works, and all routers are linked to it and have said what is so of their clients. */
  private Finding presence() throws IOException {
    try {
      GetPresenceStatusResponse status = PresenceProcess.status(state.presence(), LinkSecret.read(data));
      if (!status.getAvailable()) {
        return Finding.bad("presence", "its store at " + state.redisUrl() + " does not answer: all reads UNKNOWN",
            "read the log of " + RedisServer.NAME);
      }
      Set<String> missing = new TreeSet<>(state.routers().keySet());
      int users = 0;
      for (NodeStatus node : status.getNodesList()) {
        users += node.getUsers();
        if (node.getLinked()) {
          missing.remove(node.getNode());
        }
      }
      return missing.isEmpty()
          ? Finding.good("presence", "all routers are linked; " + users + " users have a device connected")
          : Finding.bad("presence", "not linked to " + String.join(", ", missing) + ", whose users read UNKNOWN or OFFLINE",
              "read the log of that router");
    } catch (StatusRuntimeException e) {
      return Finding.bad("presence", state.presence() + " does not answer: " + Finding.why(e) + "; all reads UNKNOWN",
          "read the log of " + PresenceProcess.NAME + "; messages go on without it");
    }
  }

  /** Whether it is ready, which it is when it has found a router that is. */
  private Finding gateway() {
    return GatewayProcess.isReady(state.gateway())
        ? Finding.good("gateway", state.gateway() + " is ready; the page is at " + state.page())
        : Finding.bad("gateway", state.gateway() + " is not ready: browsers have no way in",
            "read the log of " + GatewayProcess.NAME + "; other clients go on without it");
  }

  private Finding phones() {
    return PushLabProcess.isReady(state.phones())
        ? Finding.good("push-lab", "phones are shown at " + state.phones() + "/")
        : Finding.bad("push-lab", state.phones() + " does not answer: pushes become dead letters, and are tried again",
            "read the log of " + PushLabProcess.NAME);
  }

  private static void withRouter(String name, String address, List<Finding> findings) {
    Probes.withChannel(
        address,
        InsecureChannelCredentials.create(),
        channel -> {
          findings.add(Probes.health(name + "-ready", channel, "read the log of " + name));
          findings.add(reflection(name + "-reflection", channel));
        });
  }

  private void withEdge(List<Finding> findings) throws IOException {
    ChannelCredentials tls = TlsChannelCredentials.newBuilder().trustManager(state.caFile().toFile()).build();
    findings.add(ShownCertificate.look(state.edge(), Instant.now()));
    String token = DevKeys.in(data.resolve("keys")).signer().sign("doctor", null, Instant.now().plusSeconds(60));
    Probes.withChannel(
        state.edge(),
        tls,
        channel -> {
          findings.add(Probes.health("edge-tls", channel, "read the log of envoy"));
          findings.add(Probes.refusal(channel));
          findings.add(Probes.roundTrip(channel, token));
        });
  }

  private static Finding reflection(String check, ManagedChannel channel) {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> questions =
        ServerReflectionGrpc.newStub(channel).serverReflectionInfo(new FirstAnswer(answer));
    questions.onNext(ServerReflectionRequest.newBuilder().setListServices("*").build());
    questions.onCompleted();
    try {
      int services =
          answer.get(SECONDS, TimeUnit.SECONDS).getListServicesResponse().getServiceCount();
      return Finding.good(check, services + " services");
    } catch (ExecutionException | TimeoutException e) {
      return Finding.bad(check, "does not answer: " + e.getMessage(), "read the log of the router");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Finding.bad(check, "was interrupted", "try again");
    }
  }

  private record FirstAnswer(CompletableFuture<ServerReflectionResponse> answer)
      implements StreamObserver<ServerReflectionResponse> {
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
      answer.completeExceptionally(new IOException("it ended without an answer"));
    }
  }
}
