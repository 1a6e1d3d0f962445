package dev.parley.presence;

import dev.parley.chassis.server.LinkSecret;
import dev.parley.presence.link.PresenceLinks;
import dev.parley.presence.store.PresenceStore;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
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

  private final PresenceLinks links;
  private final Server server;
  private final String address;

  /**
   * Starts an instance over this store, which it opens, and which stays the caller's to close, after this.
   *
   * @throws IOException with one line that names the address, if it cannot be listened on
   */
  public PresenceServer(PresenceSettings settings, PresenceStore store) throws IOException {
    int colon = settings.listen().lastIndexOf(':');
    String host = settings.listen().substring(0, Math.max(0, colon));
    this.links = new PresenceLinks(settings.name(), settings.times(), store);
    try {
      this.server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(host, Integer.parseInt(settings.listen().substring(colon + 1))))
              .directExecutor()
              .maxInboundMessageSize(MESSAGE_BYTES)
              .flowControlWindow(WINDOW_BYTES)
              .addService(ServerInterceptors.intercept(links.service(), new LinkSecret(settings.secret())))
              .build()
              .start();
    } catch (IOException | IllegalArgumentException e) {
      links.close();
      throw new IOException("presence: " + settings.listen() + " cannot be listened on: " + e.getMessage(), e);
    }
    this.address = host + ":" + server.getPort();
    LOG.info("{} listens for routers on {}", settings.name(), address);
  }

  /** Where routers reach it: {@code host:port}. */
  public String address() {
    return address;
  }

  /** Ends all links, with the advice to link to another instance. */
  @Override
  public void close() {
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
