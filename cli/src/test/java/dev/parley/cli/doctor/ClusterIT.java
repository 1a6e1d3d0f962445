package dev.parley.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.internal.v1.GetStatusRequest;
import dev.parley.internal.v1.GetStatusResponse;
import dev.parley.internal.v1.RouterLinkServiceGrpc;
import dev.parley.internal.v1.RouterStatus;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How the doctor asks routers, over real connections to ones that say what the test wants. */
class ClusterIT {
  private static final String SECRET = "the-secret";

  private final List<Server> servers = new ArrayList<>();

  @AfterEach
  void stop() {
    servers.forEach(Server::shutdownNow);
  }

  @Test
  void routersThatOthersTellOfAreAskedToo() throws Exception {
    String second = start("router-2", List.of());
    String first = start("router-1", List.of(known("router-1", "not asked twice"), known("router-2", second)));

    Cluster cluster = Cluster.ask(Map.of("router-1", first), SECRET);

    assertThat(cluster.silent()).isEmpty();
    assertThat(cluster.answers().keySet()).containsExactly("router-1", "router-2");
    assertThat(cluster.answers().values()).extracting(GetStatusResponse::getRouter)
        .containsExactly("router-1", "router-2");
  }

  @Test
  void whoDoesNotAnswerOrDoesNotKnowTheSecretIsSilent() throws Exception {
    String first = start("router-1", List.of());

    assertThat(Cluster.ask(Map.of("router-1", first), "another").silent().get("router-1"))
        .startsWith(first)
        .contains("UNAUTHENTICATED");
    stop();
    assertThat(Cluster.ask(Map.of("router-1", first), SECRET).silent().get("router-1")).contains("UNAVAILABLE");
  }

  private String start(String name, List<RouterStatus> routers) throws IOException {
    GetStatusResponse answer = GetStatusResponse.newBuilder().setRouter(name).addAllRouters(routers).build();
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new FixedStatus(answer))
            .intercept(new SecretCheck())
            .build()
            .start();
    servers.add(server);
    return "127.0.0.1:" + server.getPort();
  }

  private static RouterStatus known(String name, String address) {
    return RouterStatus.newBuilder().setRouter(name).setLinkAddress(address).build();
  }

  private static final class FixedStatus extends RouterLinkServiceGrpc.RouterLinkServiceImplBase {
    private final GetStatusResponse answer;

    FixedStatus(GetStatusResponse answer) {
      this.answer = answer;
    }

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> responses) {
      responses.onNext(answer);
      responses.onCompleted();
    }
  }

  private static final class SecretCheck implements ServerInterceptor {
    private static final Metadata.Key<String> KEY =
        Metadata.Key.of("parley-link-secret", Metadata.ASCII_STRING_MARSHALLER);

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      if (SECRET.equals(headers.get(KEY))) {
        return next.startCall(call, headers);
      }
      call.close(Status.UNAUTHENTICATED, new Metadata());
      return new ServerCall.Listener<>() {};
    }
  }
}
