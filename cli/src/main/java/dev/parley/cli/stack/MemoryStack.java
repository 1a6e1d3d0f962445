package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.dispatcher.DispatcherServer;
import dev.parley.dispatcher.DispatcherSettings;
import dev.parley.gateway.GatewayServer;
import dev.parley.gateway.GatewaySettings;
import dev.parley.presence.PresenceServer;
import dev.parley.presence.PresenceSettings;
import dev.parley.presence.store.MemoryPresenceStore;
import dev.parley.pushlab.PushLabServer;
import dev.parley.pushlab.PushLabSettings;
import dev.parley.router.RouterServer;
import dev.parley.router.RouterSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A router, presence, a dispatcher, a push lab and a gateway in this JVM, all in memory: no other process, no TLS, nothing
 * on disk but keys and phones.
 */
public final class MemoryStack implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryStack.class);
  private static final int ROUTER_PORT = 8700;
  private static final int GATEWAY_PORT = 8740;
  private static final List<String> PRESENCE = List.of("--parley.presence.listen=127.0.0.1:0");

  private final Deque<AutoCloseable> closing = new ArrayDeque<>();
  private final RouterServer router;
  private final GatewayServer gateway;
  private final PushLabServer lab;

  private MemoryStack(Path data, int port, Runnable leave) throws IOException {
    boolean started = false;
    try {
      DevKeys keys = DevKeys.in(data.resolve("keys"));
      int routerPort = Ports.choose("--router-port", port, ROUTER_PORT);
      MemoryBroker broker = opened(new MemoryBroker(Layout.ONE_NODE));
      MemoryPresenceStore store = opened(new MemoryPresenceStore(() -> System.nanoTime() / 1_000));
      PresenceServer presence =
          opened(new PresenceServer(Settings.load(PresenceSettings.class, Map.of(), PRESENCE), store, Telemetry.none()));
      this.router =
          new RouterServer(
              routerSettings(routerPort, presence.address(), keys), broker, Clock.systemUTC(), leave, Telemetry.none());
      closing.push(this::drainRouter);
      this.lab = opened(new PushLabServer(labSettings(data), Clock.systemUTC()));
      DispatcherServer dispatcher =
          opened(new DispatcherServer(dispatcherSettings(keys, lab), broker, Clock.systemUTC(), Telemetry.none()));
      this.gateway = opened(new GatewayServer(gatewaySettings(routerPort, dispatcher.port()), Telemetry.none()));
      started = true;
    } finally {
      if (!started) {
        close();
      }
    }
  }

  private <T extends AutoCloseable> T opened(T part) {
    closing.push(part);
    return part;
  }

  /**
   * Starts it.
   *
   * @param port for clients; 0: the usual one if it is free, else a free one
   * @param leave what is done when an operator tells the router to leave: this is to be closed
   */
  public static MemoryStack start(Path data, int port, Runnable leave) throws IOException {
    return new MemoryStack(data, port, leave);
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

  private static PushLabSettings labSettings(Path data) {
    PushLabProcess.LabPorts ports = PushLabProcess.LabPorts.choose();
    return Settings.load(
        PushLabSettings.class, Map.of(), PushLabProcess.arguments(data.resolve(PushLabProcess.NAME), ports));
  }

  private static DispatcherSettings dispatcherSettings(DevKeys keys, PushLabServer lab) {
    List<String> arguments = new ArrayList<>(DispatcherProcess.arguments(DispatcherProcess.NAME, 0, keys.jwks()));
    lab.dispatcherSettings().forEach((name, value) -> arguments.add("--" + name + "=" + value));
    return Settings.load(DispatcherSettings.class, Map.of(), arguments);
  }

  private static GatewaySettings gatewaySettings(int routerPort, int dispatcherPort) {
    return Settings.load(
        GatewaySettings.class,
        Map.of(),
        List.of(
            "--parley.gateway.listen=127.0.0.1:" + Ports.choose("", 0, GATEWAY_PORT),
            "--parley.gateway.routers=127.0.0.1:" + routerPort,
            "--parley.gateway.dispatchers=127.0.0.1:" + dispatcherPort,
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

  /** Where phones are shown. */
  public String phones() {
    return lab.address();
  }

  private void drainRouter() {
    try {
      router.drain();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      router.close();
    }
  }

  /** Ends all of it, the newest first. */
  @Override
  public void close() {
    while (!closing.isEmpty()) {
      try {
        closing.pop().close();
      } catch (Exception e) {
        LOG.warn("a part did not end in order", e);
      }
    }
  }
}
