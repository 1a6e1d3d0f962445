package dev.parley.sdk;

import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Where a deployment is reached and how: address, trust, and the event loops that all clients of this endpoint share.
 * Make one for a process; thousands of clients and sessions need no further threads.
 *
 * <p>Thread-safe. Close it after its clients.
 */
public final class ParleyEndpoint implements AutoCloseable {
  private final String target;
  private final @Nullable SslContext tls;
  private final EventLoopGroup loops;

  private ParleyEndpoint(String target, @Nullable SslContext tls) {
    this.target = target;
    this.tls = tls;
    int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));
    this.loops = new MultiThreadIoEventLoopGroup(
        threads, new DefaultThreadFactory("parley-client", true), NioIoHandler.newFactory());
  }

  /** Without TLS: for a router reached directly on a trusted network. {@code target} is {@code host:port}. */
  public static ParleyEndpoint plaintext(String target) {
    return new ParleyEndpoint(target, null);
  }

  /**
   * With TLS.
   *
   * @param caFile the certificates to trust, in PEM; null: those that the JDK trusts
   * @throws IllegalArgumentException if the file cannot be read as certificates
   */
  public static ParleyEndpoint tls(String target, @Nullable Path caFile) {
    try {
      var context = GrpcSslContexts.forClient();
      if (caFile != null) {
        context.trustManager(caFile.toFile());
      }
      return new ParleyEndpoint(target, context.build());
    } catch (SSLException | IllegalArgumentException unusable) {
      throw new IllegalArgumentException("Cannot trust the certificates in " + caFile, unusable);
    }
  }

  /** {@code host:port}. */
  public String target() {
    return target;
  }

  /** One of the loops: a connection and the sessions on it live on the same one. */
  EventLoop nextLoop() {
    return (EventLoop) loops.next();
  }

  /** A new connection, opened when it is first used. */
  ManagedChannel newChannel(EventLoop loop) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forTarget(target)
            .eventLoopGroup(loop)
            .channelType(NioSocketChannel.class)
            .directExecutor()
            .disableRetry();
    return (tls == null ? builder.usePlaintext() : builder.sslContext(tls)).build();
  }

  @Override
  public void close() {
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS);
  }
}
