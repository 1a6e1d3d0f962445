package dev.parley.router.link;

import dev.parley.chassis.server.LinkSecret;
import dev.parley.chassis.server.Transport;
import dev.parley.chassis.telemetry.GrpcMetrics;
import dev.parley.chassis.wire.GrpcWire;
import dev.parley.chassis.wire.Wire;
import dev.parley.chassis.wire.WireChannels;
import dev.parley.internal.v1.GetStatusRequest;
import dev.parley.internal.v1.GetStatusResponse;
import dev.parley.internal.v1.LinkFrame;
import dev.parley.internal.v1.RouterLinkServiceGrpc;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Wires over gRPC: a server for routers that dial this one, and channels to those that this one dials, on the event loops
 * of the sessions.
 *
 * <p>Thread-safe.
 */
public final class GrpcLinks implements Dialer, AutoCloseable {
  private final LinkSecret secret;
  private final Service service = new Service();
  private final Server server;
  private final String address;
  private final WireChannels channels;

  /**
   * Listens; what comes in is refused until {@link #serve}.
   *
   * @throws IOException with one line that names the address, if it cannot be had
   */
  public GrpcLinks(LinkSettings settings, EventLoopGroup loops) throws IOException {
    this.secret = new LinkSecret(settings.secret());
    this.channels = new WireChannels(loops, GrpcMetrics.none());
    int colon = settings.listen().lastIndexOf(':');
    String host = settings.listen().substring(0, Math.max(0, colon));
    try {
      this.server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(host, Integer.parseInt(settings.listen().substring(colon + 1))))
              .channelType(Transport.serverChannel())
              .bossEventLoopGroup(loops)
              .workerEventLoopGroup(loops)
              .directExecutor()
              .maxInboundMessageSize(WireChannels.MESSAGE_BYTES)
              .flowControlWindow(WireChannels.WINDOW_BYTES)
              .addService(ServerInterceptors.intercept(service, secret))
              .build()
              .start();
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException("link: " + settings.listen() + " cannot be listened on: " + e.getMessage(), e);
    }
    this.address = settings.advertise() == null ? host + ":" + server.getPort() : settings.advertise();
  }

  /** Where other routers reach this one. */
  public String address() {
    return address;
  }

  /** Begins to take wires, and to tell the status. */
  public void serve(Function<Wire<LinkFrame>, Wire.Ear<LinkFrame>> accept, Supplier<CompletableFuture<GetStatusResponse>> status) {
    service.accept = accept;
    service.status = status;
  }

  private static final class Service extends RouterLinkServiceGrpc.RouterLinkServiceImplBase {
    private static final Status NOT_YET = Status.UNAVAILABLE.withDescription("this router is starting");

    private volatile Function<Wire<LinkFrame>, Wire.Ear<LinkFrame>> accept =
        wire -> {
          throw NOT_YET.asRuntimeException();
        };
    private volatile Supplier<CompletableFuture<GetStatusResponse>> status =
        () -> CompletableFuture.failedFuture(NOT_YET.asRuntimeException());

    @Override
    public StreamObserver<LinkFrame> connect(StreamObserver<LinkFrame> responses) {
      GrpcWire<LinkFrame, LinkFrame> wire = new GrpcWire<>();
      wire.call((ServerCallStreamObserver<LinkFrame>) responses);
      wire.ear(accept.apply(wire));
      return wire;
    }

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> response) {
      status
          .get()
          .whenComplete(
              (answer, failure) -> {
                if (failure == null) {
                  response.onNext(answer);
                  response.onCompleted();
                } else {
                  response.onError(Status.UNAVAILABLE.withCause(failure).asRuntimeException());
                }
              });
    }
  }

  @Override
  public Wire<LinkFrame> dial(String to, Wire.Ear<LinkFrame> ear) {
    GrpcWire<LinkFrame, LinkFrame> wire = new GrpcWire<>();
    wire.ear(ear);
    RouterLinkServiceGrpc.newStub(channels.to(to))
        .withInterceptors(secret.shown())
        .connect(wire.opening());
    return wire;
  }

  /** Ends all wires. */
  @Override
  public void close() {
    server.shutdownNow();
    channels.close();
  }
}
