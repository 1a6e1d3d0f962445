package dev.parley.pushlab.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/2 server over TLS on loopback, which can be told to fail. Thread-safe; listens from the constructor on until
 * {@link #close}, unless a fault lets it refuse connections.
 */
public final class Http2Server implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";
  /** As many as Apple allows. */
  private static final int STREAMS = 1_000;
  private static final int WINDOW_BYTES = 1 << 20;

  private final ServerBootstrap bootstrap;
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final int port;
  private Channel listening;
  private @Nullable Fault fault;
  private int faultsLeft;
  private boolean closed;

  /**
   * Listens.
   *
   * @param port 0: a free one
   * @param loops stays the caller's to end
   * @throws IOException with one line, if the port is taken
   */
  public Http2Server(int port, SslContext tls, EventLoopGroup loops, Endpoint endpoint) throws IOException {
    this.bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    connections.add(channel);
                    channel.pipeline().addLast(tls.newHandler(channel.alloc()), connection(endpoint));
                  }
                });
    this.listening = listen(port);
    this.port = ((InetSocketAddress) listening.localAddress()).getPort();
  }

  private Channel listen(int port) throws IOException {
    var bound = bootstrap.bind(LOOPBACK, port).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(LOOPBACK + ":" + port + " cannot be listened on: " + bound.cause().getMessage());
    }
    return bound.channel();
  }

  private Http2ConnectionHandler connection(Endpoint endpoint) {
    Http2Requests requests = new Http2Requests(endpoint, this::nextFault);
    Http2ConnectionHandler handler =
        new Http2ConnectionHandlerBuilder()
            .server(true)
            .frameListener(requests)
            .initialSettings(
                Http2Settings.defaultSettings().maxConcurrentStreams(STREAMS).initialWindowSize(WINDOW_BYTES))
            .build();
    requests.attach(handler);
    return handler;
  }

  /** On which port it listens. */
  public int port() {
    return port;
  }

  /**
   * Fails like this from now on, instead of like before.
   *
   * @param fault null: it works again
   * @throws IOException if it refused connections, and its port was taken meanwhile
   */
  public synchronized void fail(@Nullable Fault fault) throws IOException {
    if (closed) {
      throw new IOException("it is closed");
    }
    this.fault = fault;
    this.faultsLeft = fault == null ? 0 : fault.count();
    if (fault != null && fault.kind() == Fault.Kind.REFUSE) {
      listening.close().awaitUninterruptibly();
      connections.close().awaitUninterruptibly();
    } else if (!listening.isOpen()) {
      listening = listen(port);
    }
  }

  /** Whether it fails, or has faults left. */
  public synchronized boolean isFailing() {
    return fault != null;
  }

  private synchronized @Nullable Fault nextFault() {
    Fault now = fault;
    if (now != null && now.count() > 0 && --faultsLeft == 0) {
      fault = null;
    }
    return now;
  }

  /** Ends all connections. */
  @Override
  public synchronized void close() {
    closed = true;
    listening.close().awaitUninterruptibly();
    connections.close().awaitUninterruptibly();
  }
}
