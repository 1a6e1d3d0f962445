package dev.parley.gateway;

import dev.parley.chassis.server.Transport;
import dev.parley.chassis.telemetry.GrpcMetrics;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Services behind the gateway, a few HTTP/2 connections to each. Whether one is ready it says itself, over the stream of
 * the standard health service; one whose stream has ended is not ready. Thread-safe.
 */
final class Upstreams implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Upstreams.class);

  /**
   * What one call may have in flight, in bytes: what a socket that does not read makes us hold beside its own buffer. gRPC
   * gives a connection back what its calls hold, so one of them stops no other.
   */
  private static final int CALL_WINDOW_BYTES = 64 << 10;

  private static final long KEEPALIVE_SECONDS = 10;
  private static final long KEEPALIVE_TIMEOUT_SECONDS = 5;
  private static final long WATCH_AGAIN_MILLIS = 300;

  private final String what;
  private final EventLoopGroup loops;
  private final GrpcMetrics metrics;
  private final List<Upstream> upstreams = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private volatile boolean closed;

  /**
   * Connects to each of them.
   *
   * @param what they are, for the log
   * @param connections to each
   * @param messageBytes the largest message that is taken
   * @param metrics counts the calls
   */
  Upstreams(
      String what, List<String> addresses, int connections, int messageBytes, EventLoopGroup loops, GrpcMetrics metrics) {
    this.what = what;
    this.metrics = metrics;
    this.loops = loops;
    for (String address : addresses) {
      upstreams.add(new Upstream(address, connections, messageBytes));
    }
    upstreams.forEach(Upstream::watch);
  }

  /** A connection to one that is ready, in turn; null: none is. */
  @Nullable ManagedChannel pick() {
    int start = next.getAndIncrement();
    for (int i = 0; i < upstreams.size(); i++) {
      Upstream upstream = upstreams.get(Math.floorMod(start + i, upstreams.size()));
      if (upstream.ready) {
        return upstream.channel(start);
      }
    }
    return null;
  }

  /** Whether one is ready. */
  boolean isReady() {
    return upstreams.stream().anyMatch(each -> each.ready);
  }

  /** Ends all connections, and the calls on them. */
  @Override
  public void close() {
    closed = true;
    upstreams.forEach(each -> each.channels.forEach(ManagedChannel::shutdownNow));
  }

  private final class Upstream {
    final String address;
    final List<ManagedChannel> channels = new ArrayList<>();
    volatile boolean ready;

    Upstream(String address, int connections, int messageBytes) {
      this.address = address;
      for (int i = 0; i < connections; i++) {
        channels.add(open(messageBytes));
      }
    }

    ManagedChannel channel(int turn) {
      return channels.get(Math.floorMod(turn / upstreams.size(), channels.size()));
    }

    private ManagedChannel open(int messageBytes) {
      int colon = address.lastIndexOf(':');
      NettyChannelBuilder channel =
          NettyChannelBuilder.forAddress(
                  address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)))
              .channelType(Transport.clientChannel())
              .eventLoopGroup(loops)
              .directExecutor()
              .maxInboundMessageSize(messageBytes)
              .flowControlWindow(CALL_WINDOW_BYTES)
              .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
              .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
              .keepAliveWithoutCalls(true)
              .usePlaintext();
      metrics.count(channel);
      return channel.build();
    }

    void watch() {
      if (closed) {
        return;
      }
      channels.forEach(ManagedChannel::resetConnectBackoff);
      ClientCall<HealthCheckRequest, HealthCheckResponse> call =
          channels.getFirst().newCall(HealthGrpc.getWatchMethod(), CallOptions.DEFAULT);
      call.start(new Watch(call), new Metadata());
      call.sendMessage(HealthCheckRequest.getDefaultInstance());
      call.halfClose();
      call.request(1);
    }

    private void become(boolean nowReady, String why) {
      if (ready != nowReady) {
        ready = nowReady;
        LOG.info("{} {} is {}: {}", what, address, nowReady ? "ready" : "not ready", why);
      }
    }

    private final class Watch extends ClientCall.Listener<HealthCheckResponse> {
      private final ClientCall<HealthCheckRequest, HealthCheckResponse> call;

      Watch(ClientCall<HealthCheckRequest, HealthCheckResponse> call) {
        this.call = call;
      }

      @Override
      public void onMessage(HealthCheckResponse response) {
        become(response.getStatus() == ServingStatus.SERVING, response.getStatus().name());
        call.request(1);
      }

      @Override
      public void onClose(Status status, Metadata trailers) {
        become(false, status.getCode() + " " + status.getDescription());
        if (!closed) {
          loops.next().schedule(Upstream.this::watch, WATCH_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        }
      }
    }
  }
}
