package dev.parley.presence;

import dev.parley.chassis.admin.Probe;
import dev.parley.chassis.admin.ThreadProbe;
import dev.parley.chassis.server.LinkSecret;
import dev.parley.chassis.telemetry.GrpcMetrics;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.presence.link.PresenceLinks;
import dev.parley.presence.link.PresenceMetrics;
import dev.parley.presence.store.PresenceStore;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An instance of presence, wired. It listens when the constructor returns, whether the store can be reached or not:
 * routers are told. Thread-safe.
 */
public final class PresenceServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PresenceServer.class);
  private static final int MESSAGE_BYTES = 16 << 20;
  private static final int WINDOW_BYTES = 4 << 20;
  private static final long CLOSING_SECONDS = 1;
  private static final Duration PROBE_PATIENCE = Duration.ofSeconds(1);

  private final PresenceLinks links;
  private final Server server;
  private final String address;
  private final Probe alive;
  private volatile boolean leaving;

  /**
   * Starts an instance over this store, which it opens, and which stays the caller's to close, after this, as does {@code
   * telemetry}.
   *
   * @throws IOException with one line that names the address, if it cannot be listened on
   */
  public PresenceServer(PresenceSettings settings, PresenceStore store, Telemetry telemetry) throws IOException {
    int colon = settings.listen().lastIndexOf(':');
    String host = settings.listen().substring(0, Math.max(0, colon));
    this.links = new PresenceLinks(settings.name(), settings.times(), store, new PresenceMetrics(telemetry.meter()));
    this.alive = new ThreadProbe("threads", List.of(links.thread()), PROBE_PATIENCE);
    try {
      NettyServerBuilder netty =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(host, Integer.parseInt(settings.listen().substring(colon + 1))))
              .directExecutor()
              .maxInboundMessageSize(MESSAGE_BYTES)
              .flowControlWindow(WINDOW_BYTES)
              .addService(ServerInterceptors.intercept(links.service(), new LinkSecret(settings.secret())));
      GrpcMetrics.of(telemetry).count(netty);
      this.server = netty.build().start();
    } catch (IOException | IllegalArgumentException e) {
      links.close();
      throw new IOException("presence: " + settings.listen() + " cannot be listened on: " + e.getMessage(), e);
    }
    this.address = host + ":" + server.getPort();
    LOG.info("{} listens for routers on {}", settings.name(), address);
  }

  /** Whether its thread takes work; asks nobody else. */
  public Probe alive() {
    return alive;
  }

  /** Whether routers may link to it. They may while the store does not answer: it is what tells them so. */
  public Probe ready() {
    return () -> leaving ? "draining" : null;
  }

  /** Where routers reach it: {@code host:port}. */
  public String address() {
    return address;
  }

  /** Ends all links, with the advice to link to another instance. */
  @Override
  public void close() {
    leaving = true;
    server.shutdown();
    links.close();
    try {
      if (!server.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
