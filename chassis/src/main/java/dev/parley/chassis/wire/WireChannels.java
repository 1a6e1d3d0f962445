package dev.parley.chassis.wire;

import dev.parley.chassis.server.Transport;
import dev.parley.chassis.telemetry.GrpcMetrics;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Plaintext channels to other services of the deployment, one for each address, on given event loops. Thread-safe. */
public final class WireChannels implements AutoCloseable {
  /** The largest frame that a wire takes, in bytes. */
  public static final int MESSAGE_BYTES = 16 << 20;

  /** So many bytes of a wire may be under way, in bytes. */
  public static final int WINDOW_BYTES = 4 << 20;

  private final EventLoopGroup loops;
  private final GrpcMetrics metrics;
  private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();

  /** No channel yet. {@code loops}: stay the caller's to end; {@code metrics}: counts calls. */
  public WireChannels(EventLoopGroup loops, GrpcMetrics metrics) {
    this.loops = loops;
    this.metrics = metrics;
  }

  /** The channel to this address, {@code host:port}; one that has failed before tries again at once. */
  public ManagedChannel to(String address) {
    ManagedChannel channel = channels.computeIfAbsent(address, this::open);
    channel.resetConnectBackoff();
    return channel;
  }

  private ManagedChannel open(String address) {
    int colon = address.lastIndexOf(':');
    NettyChannelBuilder channel =
        NettyChannelBuilder.forAddress(
                address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)))
            .channelType(Transport.clientChannel())
            .eventLoopGroup(loops)
            .directExecutor()
            .maxInboundMessageSize(MESSAGE_BYTES)
            .flowControlWindow(WINDOW_BYTES)
            .usePlaintext();
    metrics.count(channel);
    return channel.build();
  }

  /** Ends all of them at once. */
  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
  }
}
