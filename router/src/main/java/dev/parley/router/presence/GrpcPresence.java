package dev.parley.router.presence;

import dev.parley.chassis.server.LinkSecret;
import dev.parley.chassis.server.Transport;
import dev.parley.chassis.wire.GrpcWire;
import dev.parley.chassis.wire.Wire;
import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.PresenceLinkServiceGrpc;
import dev.parley.internal.v1.ToPresence;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Wires to presence over gRPC, on the event loops of the sessions. Thread-safe. */
public final class GrpcPresence implements PresenceDialer, AutoCloseable {
  private static final int MESSAGE_BYTES = 4 << 20;

  private final LinkSecret secret;
  private final EventLoopGroup loops;
  private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();

  /** No wire yet. {@code secret}: what presence wants to be shown; null: nothing. */
  public GrpcPresence(@Nullable String secret, EventLoopGroup loops) {
    this.secret = new LinkSecret(secret);
    this.loops = loops;
  }

  @Override
  public Wire<ToPresence> dial(String address, Wire.Ear<FromPresence> ear) {
    GrpcWire<ToPresence, FromPresence> wire = new GrpcWire<>();
    wire.ear(ear);
    ManagedChannel channel = channels.computeIfAbsent(address, this::channel);
    channel.resetConnectBackoff();
    PresenceLinkServiceGrpc.newStub(channel).withInterceptors(secret.shown()).connect(wire.opening());
    return wire;
  }

  private ManagedChannel channel(String to) {
    int colon = to.lastIndexOf(':');
    return NettyChannelBuilder.forAddress(to.substring(0, colon), Integer.parseInt(to.substring(colon + 1)))
        .channelType(Transport.clientChannel())
        .eventLoopGroup(loops)
        .directExecutor()
        .maxInboundMessageSize(MESSAGE_BYTES)
        .usePlaintext()
        .build();
  }

  /** Ends all wires. */
  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
  }
}
