package dev.parley.gateway;

import dev.parley.chassis.admin.Probe;
import dev.parley.chassis.admin.ThreadProbe;
import dev.parley.chassis.server.Transport;
import dev.parley.chassis.telemetry.GrpcMetrics;
import dev.parley.chassis.telemetry.Instruments;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.Traces;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.util.concurrent.EventExecutor;
import io.opentelemetry.api.metrics.ObservableLongGauge;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A gateway, wired. It listens when the constructor returns; {@code /readyz} says whether a router is there. Lifecycle:
 * construct, {@link #drain} to leave in order, {@link #close}. Thread-safe.
 */
public final class GatewayServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GatewayServer.class);
  private static final int REQUEST_LINE_BYTES = 4 << 10;
  private static final int ROUTER_FRAME_BYTES = 4 << 20;
  private static final int BACKLOG = 1024;
  private static final Duration PROBE_PATIENCE = Duration.ofSeconds(1);

  private final GatewaySettings settings;
  private final EventLoopGroup accept;
  private final EventLoopGroup loops;
  private final Upstreams routers;
  private final Upstreams dispatchers;
  private final HttpFront.Shared shared;
  private final Channel listener;
  private final Set<SocketBridge> sockets = ConcurrentHashMap.newKeySet();
  private final ObservableLongGauge socketGauge;
  private final Probe alive;
  private final AtomicInteger connections = new AtomicInteger();
  private volatile boolean leaving;

  /**
   * Starts it; {@code telemetry} stays the caller's to close.
   *
   * @throws IOException with one line that names the address, if it cannot be listened on
   */
  public GatewayServer(GatewaySettings settings, Telemetry telemetry) throws IOException {
    this.settings = settings;
    StaticFiles files = new StaticFiles();
    this.accept = Transport.loops("accept", 1);
    this.loops = Transport.loops("loop", settings.loops());
    List<EventExecutor> threads = new ArrayList<>();
    loops.forEach(threads::add);
    this.alive = new ThreadProbe("event loops", threads, PROBE_PATIENCE);
    GrpcMetrics grpc = GrpcMetrics.of(telemetry);
    this.routers =
        new Upstreams("router", settings.routers(), settings.connections(), ROUTER_FRAME_BYTES, loops, grpc);
    this.dispatchers =
        new Upstreams("dispatcher", settings.dispatchers(), settings.connections(), ROUTER_FRAME_BYTES, loops, grpc);
    this.socketGauge =
        Instruments.now(telemetry.meter(), "chat.gateway.sockets", "Open sockets of browsers", sockets::size);
    this.shared =
        new HttpFront.Shared(
            settings,
            files,
            new UnaryCalls(settings.http(), routers, dispatchers, Traces.of(telemetry, 0)),
            routers,
            sockets,
            new ByteBudget(settings.http().heldBytes()),
            new ByteBudget(settings.halfSentBytes()),
            this::isReady);
    try {
      this.listener = listen(settings.listen());
    } catch (IOException e) {
      release();
      throw e;
    }
    LOG.info("{} listens on {}", settings.name(), settings.listen());
  }

  private Channel listen(String address) throws IOException {
    int colon = address.lastIndexOf(':');
    try {
      InetSocketAddress where =
          new InetSocketAddress(address.substring(0, Math.max(0, colon)), Integer.parseInt(address.substring(colon + 1)));
      return new ServerBootstrap()
          .group(accept, loops)
          .channel(Transport.serverChannel())
          .option(ChannelOption.SO_BACKLOG, BACKLOG)
          .option(ChannelOption.SO_REUSEADDR, true)
          .childOption(ChannelOption.TCP_NODELAY, true)
          .childOption(
              ChannelOption.WRITE_BUFFER_WATER_MARK,
              new WriteBufferWaterMark(settings.socket().bytesAhead() / 2, settings.socket().bytesAhead()))
          .childHandler(new Connection())
          .bind(where)
          .syncUninterruptibly()
          .channel();
    } catch (Exception e) {
      // Netty throws what the socket said, unchecked.
      throw new IOException("gateway: " + address + " cannot be listened on: " + e.getMessage(), e);
    }
  }

  /** The handlers of a new connection. */
  private final class Connection extends ChannelInitializer<SocketChannel> {
    @Override
    protected void initChannel(SocketChannel connection) {
      GatewaySettings.HttpLimits limits = settings.http();
      connection.closeFuture().addListener(closed -> connections.decrementAndGet());
      if (connections.incrementAndGet() > limits.maxConnections()) {
        connection.close();
        return;
      }
      connection
          .pipeline()
          .addLast(new RequestTimer(limits))
          .addLast(
              new HttpServerCodec(
                  new HttpDecoderConfig()
                      .setMaxInitialLineLength(REQUEST_LINE_BYTES)
                      .setMaxHeaderSize(limits.headerBytes())))
          .addLast(new WholeRequests(limits.bodyBytes(), shared.halfSent().share()))
          .addLast(new FlowControlHandler())
          .addLast(new HttpFront(shared));
    }
  }

  /** The port that is listened on. */
  public int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** Whether its event loops take work; asks nobody else. */
  public Probe alive() {
    return alive;
  }

  /** As {@link #isReady}, with the reason why not. */
  public Probe ready() {
    return () -> leaving ? "draining" : routers.isReady() ? null : "no router is ready";
  }

  /** Whether it takes new work: a router is there, and it is not told to leave. */
  public boolean isReady() {
    return !leaving && routers.isReady();
  }

  /** How many sockets are open. */
  public int sockets() {
    return sockets.size();
  }

  /** What calls under way and answers that are not written hold, in bytes. */
  long heldBytes() {
    return shared.held().held();
  }

  /**
   * Leaves in order: is not ready any more, gives the edge time to notice, then asks all clients to come back elsewhere,
   * spread over some time, and waits until they have gone, at most as long as the settings say.
   */
  public void drain() throws InterruptedException {
    leaving = true;
    GatewaySettings.Drain drain = settings.drain();
    pause(drain.notice());
    List<SocketBridge> open = List.copyOf(sockets);
    long step = drain.spread().toNanos() / Math.max(1, open.size());
    for (SocketBridge each : open) {
      each.leave();
      TimeUnit.NANOSECONDS.sleep(step);
    }
    long deadline = System.nanoTime() + drain.patience().toNanos();
    while (!sockets.isEmpty() && System.nanoTime() < deadline) {
      // Whoever came during the spread goes too.
      sockets.forEach(SocketBridge::leave);
      pause(Duration.ofMillis(10));
    }
  }

  private void pause(Duration time) throws InterruptedException {
    if (!sockets.isEmpty()) {
      Thread.sleep(time);
    }
  }

  /** Ends everything at once. */
  @Override
  public void close() {
    leaving = true;
    listener.close().awaitUninterruptibly();
    release();
  }

  private void release() {
    socketGauge.close();
    routers.close();
    dispatchers.close();
    end(accept);
    end(loops);
  }

  private static void end(EventLoopGroup group) {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
