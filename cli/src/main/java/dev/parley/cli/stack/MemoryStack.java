package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.config.Settings;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.gateway.GatewayServer;
import dev.parley.gateway.GatewaySettings;
import dev.parley.presence.PresenceServer;
import dev.parley.presence.PresenceSettings;
import dev.parley.presence.store.MemoryPresenceStore;
import dev.parley.router.RouterServer;
import dev.parley.router.RouterSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/** A router, presence and a gateway in this JVM, all in memory: no other process, no TLS, nothing on disk but the keys. */
public final class MemoryStack implements AutoCloseable {
  private static final int ROUTER_PORT = 8700;
  private static final int GATEWAY_PORT = 8740;
  private static final List<String> PRESENCE = List.of("--parley.presence.listen=127.0.0.1:0");

  private final MemoryBroker broker;
  private final MemoryPresenceStore store;
  private final PresenceServer presence;
  private final RouterServer router;
  private final GatewayServer gateway;

  private MemoryStack(
      MemoryBroker broker,
      MemoryPresenceStore store,
      PresenceServer presence,
      RouterServer router,
      GatewayServer gateway) {
    this.broker = broker;
    this.store = store;
    this.presence = presence;
    this.router = router;
    this.gateway = gateway;
  }

  /**
   * Starts it.
   *
   * @param port for clients; 0: the usual one if it is free, else a free one
   */
  public static MemoryStack start(Path data, int port) throws IOException {
    DevKeys keys = DevKeys.in(data.resolve("keys"));
    int routerPort = Ports.choose("--router-port", port, ROUTER_PORT);
    MemoryBroker broker = new MemoryBroker(Layout.ONE_NODE);
    MemoryPresenceStore store = new MemoryPresenceStore(() -> System.nanoTime() / 1_000);
    PresenceServer presence = null;
    RouterServer router = null;
    try {
      presence = new PresenceServer(Settings.load(PresenceSettings.class, Map.of(), PRESENCE), store);
      RouterSettings settings = routerSettings(routerPort, presence.address(), keys);
      router = new RouterServer(settings, broker, Clock.systemUTC());
      GatewayServer gateway = new GatewayServer(gatewaySettings(routerPort));
      return new MemoryStack(broker, store, presence, router, gateway);
    } catch (IOException | RuntimeException e) {
      if (router != null) {
        router.close();
      }
      if (presence != null) {
        presence.close();
      }
      store.close();
      broker.close();
      throw e;
    }
  }

  private static RouterSettings routerSettings(int port, String presence, DevKeys keys) {
    return Settings.load(
        RouterSettings.class,
        Map.of(),
        List.of(
            "--parley.router.name=" + RouterProcess.name(1),
            "--parley.router.server.listen=127.0.0.1:" + port,
            "--parley.router.presence.addresses=" + presence,
            "--parley.router.auth.jwks=" + keys.jwks(),
            "--parley.router.auth.issuer=" + DevKeys.RULES.issuer(),
            "--parley.router.auth.audience=" + DevKeys.RULES.audience(),
            "--parley.router.link.listen=127.0.0.1:0",
            "--parley.router.drain.notice=0s",
            "--parley.router.drain.spread=1s",
            "--parley.router.drain.patience=3s"));
  }

  private static GatewaySettings gatewaySettings(int routerPort) {
    int port = Ports.choose("", 0, GATEWAY_PORT);
    return Settings.load(
        GatewaySettings.class,
        Map.of(),
        List.of(
            "--parley.gateway.listen=127.0.0.1:" + port,
            "--parley.gateway.allowed-origins=http://localhost:%1$d,http://127.0.0.1:%1$d".formatted(port),
            "--parley.gateway.routers=127.0.0.1:" + routerPort,
            "--parley.gateway.drain.notice=0s",
            "--parley.gateway.drain.spread=0s"));
  }

  /** Where a browser finds the page, without TLS. */
  public String page() {
    return "http://127.0.0.1:" + gateway.port() + "/";
  }

  /** Where clients connect, plaintext. */
  public String address() {
    return "127.0.0.1:" + router.port();
  }

  @Override
  public void close() {
    try {
      gateway.drain();
      gateway.close();
      router.drain();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      gateway.close();
      router.close();
    }
    presence.close();
    store.close();
    broker.close();
  }
}
