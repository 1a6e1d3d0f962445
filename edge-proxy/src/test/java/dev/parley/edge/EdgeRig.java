package dev.parley.edge;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.auth.KeySource;
import dev.parley.chassis.auth.Revocations;
import dev.parley.chassis.auth.TokenSigner;
import dev.parley.chassis.auth.TokenVerifier;
import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsPrefix;
import dev.parley.chassis.server.GrpcServer;
import dev.parley.chassis.server.ServerSettings;
import dev.parley.parts.FreePorts;
import dev.parley.parts.Parts;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.GetUsersRequest;
import dev.parley.v1.GetUsersResponse;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.User;
import dev.parley.v1.Welcome;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A real Envoy in front of two servers that play routers: each answers with its own name. */
final class EdgeRig implements AutoCloseable {
  static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  final DevKeys keys;
  final DevCertificates certificates;
  final int port = FreePorts.next();
  final int statusPort = FreePorts.next();
  final List<GrpcServer> routers = new ArrayList<>();
  private final Path directory;
  private final Traceparents traceparents = new Traceparents();
  private final KeySource keySource;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private Envoy envoy;

  @SettingsPrefix("parley.it")
  record RouterSettings(ServerSettings server, @Setting(value = "r", doc = "Who it is.") String name) {}

  /** {@code more}: settings of the edge. */
  EdgeRig(Path directory, String... more) throws IOException {
    this.directory = directory;
    keys = DevKeys.in(directory.resolve("keys"));
    certificates = DevCertificates.in(directory.resolve("tls"));
    keySource = KeySource.of(keys.jwks().toString());
    startRouter("one", 0);
    startRouter("two", 0);
    envoy = startEdge(more);
  }

  private Envoy startEdge(String... more) throws IOException {
    return Envoy.start(Parts.atHome(line -> {}).envoy(), settings(more), directory.resolve("envoy"), false);
  }

  /** Starts the edge anew, with these settings instead of its own. */
  void restart(String... more) throws IOException {
    envoy.close();
    envoy = startEdge(more);
  }

  private EdgeSettings settings(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--parley.edge.listen=127.0.0.1:" + port,
                "--parley.edge.admin-port=" + FreePorts.next(),
                "--parley.edge.admin-listen=127.0.0.1:" + statusPort,
                "--parley.edge.certificate=" + certificates.certificate(),
                "--parley.edge.key=" + certificates.key(),
                "--parley.edge.jwks=" + keys.jwks(),
                "--parley.edge.issuer=parley-dev",
                "--parley.edge.audience=parley",
                "--parley.edge.concurrency=1",
                "--parley.edge.routers=127.0.0.1:%d, 127.0.0.1:%d".formatted(routers.get(0).port(), routers.get(1).port())));
    arguments.addAll(List.of(more));
    return Settings.load(EdgeSettings.class, Map.of(), arguments);
  }

  void startRouter(String name, int routerPort) throws IOException {
    RouterSettings settings =
        Settings.load(
            RouterSettings.class,
            "--parley.it.server.listen=127.0.0.1:" + routerPort,
            "--parley.it.server.loops=1");
    GrpcServer router =
        GrpcServer.builder(settings.server())
            .auth(new TokenVerifier(keySource, DevKeys.RULES, Revocations.NONE, Clock.systemUTC()))
            .interceptor(traceparents)
            .service(new NamedService(name))
            .start();
    router.ready();
    routers.add(router);
  }

  /** The {@code traceparent} of each unary call that reached a router; {@code none}: it had none. */
  List<String> calls() {
    return traceparents.calls;
  }

  /** The same of the streams. */
  List<String> streams() {
    return traceparents.streams;
  }

  TokenSigner signer() {
    return keys.signer();
  }

  String token() {
    return signer().sign("alice", null, Instant.now().plusSeconds(600));
  }

  /** What the status listener answers: the status, a space, the body. */
  String status(String method, String path) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + statusPort + path))
                  .method(method, HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      return answer.statusCode() + " " + answer.body();
    }
  }

  /** A new connection that trusts the development authority. */
  ManagedChannel connect() throws IOException {
    ChannelCredentials tls =
        TlsChannelCredentials.newBuilder().trustManager(certificates.authority().toFile()).build();
    ManagedChannel channel = Grpc.newChannelBuilder("localhost:" + port, tls).build();
    channels.add(channel);
    return channel;
  }

  /** A new connection whose calls carry this header. */
  Channel connect(String authorization) throws IOException {
    return with(connect(), AUTHORIZATION, authorization);
  }

  static Channel with(Channel channel, Metadata.Key<String> key, String value) {
    Metadata headers = new Metadata();
    headers.put(key, value);
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  @Override
  public void close() throws InterruptedException {
    for (ManagedChannel channel : channels) {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    envoy.close();
    routers.forEach(GrpcServer::close);
    keySource.close();
  }

  /** Keeps which trace each call is said to belong to. */
  private static final class Traceparents implements ServerInterceptor {
    private static final Metadata.Key<String> HEADER =
        Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);

    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<String> streams = new CopyOnWriteArrayList<>();

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      boolean unary = call.getMethodDescriptor().getType() == MethodDescriptor.MethodType.UNARY;
      (unary ? calls : streams).add(Objects.requireNonNullElse(headers.get(HEADER), "none"));
      return next.startCall(call, headers);
    }
  }

  /** Says who it is. */
  private static final class NamedService extends ChatServiceGrpc.ChatServiceImplBase {
    private final String name;

    NamedService(String name) {
      this.name = name;
    }

    @Override
    public void getUsers(GetUsersRequest request, StreamObserver<GetUsersResponse> out) {
      out.onNext(GetUsersResponse.newBuilder().addUsers(User.newBuilder().setUserId(name)).build());
      out.onCompleted();
    }

    @Override
    public StreamObserver<ClientFrame> connect(StreamObserver<ServerFrame> out) {
      return new StreamObserver<>() {
        @Override
        public void onNext(ClientFrame frame) {
          out.onNext(ServerFrame.newBuilder().setWelcome(Welcome.newBuilder().setRouter(name)).build());
        }

        @Override
        public void onError(Throwable t) {
          // The client went away; nothing is held for it.
        }

        @Override
        public void onCompleted() {
          out.onCompleted();
        }
      };
    }
  }
}
