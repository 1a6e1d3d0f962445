package dev.parley.chassis.telemetry;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingChannelBuilder2;
import io.grpc.ForwardingServerBuilder;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerStreamTracer;
import io.grpc.opentelemetry.GrpcOpenTelemetry;
import org.jspecify.annotations.Nullable;

/**
 * gRPC's standard metrics on servers and channels. Streams are counted when they begin, by the server, and nothing more:
 * they live for hours, so their durations say nothing, and what they carry costs nothing to count this way. Thread-safe.
 */
public final class GrpcMetrics {
  private final @Nullable GrpcOpenTelemetry grpc;

  private GrpcMetrics(@Nullable GrpcOpenTelemetry grpc) {
    this.grpc = grpc;
  }

  /** Nothing is counted. */
  public static GrpcMetrics none() {
    return new GrpcMetrics(null);
  }

  /** Counted where everything else of the program is. */
  public static GrpcMetrics of(Telemetry telemetry) {
    return telemetry.counts()
        ? new GrpcMetrics(GrpcOpenTelemetry.newBuilder().sdk(telemetry.metricsOnly()).build())
        : none();
  }

  /** Counts the calls of a server that is about to be built. */
  public void count(ServerBuilder<?> server) {
    if (grpc != null) {
      grpc.configureServerBuilder(new CountedServer(server));
    }
  }

  /** Counts the calls of a channel that is about to be built. */
  public void count(ManagedChannelBuilder<?> channel) {
    if (grpc != null) {
      grpc.configureChannelBuilder(new CountedChannel(channel));
    }
  }

  /** Takes the tracers for calls that end, not for streams. */
  private static final class CountedServer extends ForwardingServerBuilder<CountedServer> {
    private final ServerBuilder<?> server;

    CountedServer(ServerBuilder<?> server) {
      this.server = server;
    }

    @Override
    protected ServerBuilder<?> delegate() {
      return server;
    }

    @Override
    public CountedServer addStreamTracerFactory(ServerStreamTracer.Factory factory) {
      server.addStreamTracerFactory(
          new ServerStreamTracer.Factory() {
            @Override
            public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
              return new CountedCall(factory.newServerStreamTracer(method, headers));
            }
          });
      return this;
    }

    @Override
    public Server build() {
      return server.build();
    }
  }

  /** One call of a server; which kind it is it learns when it starts. */
  private static final class CountedCall extends ServerStreamTracer {
    private final ServerStreamTracer counted;
    private volatile boolean stream;

    CountedCall(ServerStreamTracer counted) {
      this.counted = counted;
    }

    @Override
    public void serverCallStarted(ServerCallInfo<?, ?> call) {
      stream = call.getMethodDescriptor().getType() != MethodType.UNARY;
      counted.serverCallStarted(call);
    }

    @Override
    public void outboundWireSize(long bytes) {
      if (!stream) {
        counted.outboundWireSize(bytes);
      }
    }

    @Override
    public void inboundWireSize(long bytes) {
      if (!stream) {
        counted.inboundWireSize(bytes);
      }
    }

    @Override
    public void streamClosed(io.grpc.Status status) {
      if (!stream) {
        counted.streamClosed(status);
      }
    }
  }

  /** Takes the interceptor for calls that end, not for streams. */
  private static final class CountedChannel extends ForwardingChannelBuilder2<CountedChannel> {
    private final ManagedChannelBuilder<?> channel;

    CountedChannel(ManagedChannelBuilder<?> channel) {
      this.channel = channel;
    }

    @Override
    protected ManagedChannelBuilder<?> delegate() {
      return channel;
    }

    @Override
    protected CountedChannel interceptWithTarget(InterceptorFactory factory) {
      return super.interceptWithTarget(target -> new UnaryOnly(factory.newInterceptor(target)));
    }

    @Override
    public ManagedChannel build() {
      return channel.build();
    }
  }

  private record UnaryOnly(ClientInterceptor counted) implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return method.getType() == MethodType.UNARY
          ? counted.interceptCall(method, options, next)
          : next.newCall(method, options);
    }
  }
}
