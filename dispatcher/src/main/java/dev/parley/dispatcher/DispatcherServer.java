package dev.parley.dispatcher;

import dev.parley.chassis.admin.Probe;
import dev.parley.chassis.admin.ThreadProbe;
import dev.parley.chassis.auth.KeySource;
import dev.parley.chassis.auth.TokenVerifier;
import dev.parley.chassis.resilience.Hops;
import dev.parley.chassis.server.GrpcServer;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.tokens.RevokedTokens;
import dev.parley.dispatcher.api.PushGrpcService;
import dev.parley.dispatcher.http.AddressGuard;
import dev.parley.dispatcher.http.GuardedClient;
import dev.parley.dispatcher.push.Providers;
import dev.parley.dispatcher.shard.DispatchMetrics;
import dev.parley.dispatcher.shard.Dispatcher;
import dev.parley.dispatcher.user.BlockedUsers;
import dev.parley.dispatcher.user.Names;
import dev.parley.dispatcher.user.PushUsers;
import dev.parley.dispatcher.webhook.Webhooks;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A dispatcher, wired. Starts in the constructor and is ready when it returns. Thread-safe. */
public final class DispatcherServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DispatcherServer.class);
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration PROBE_PATIENCE = Duration.ofSeconds(1);

  private final Deque<Runnable> closing = new ArrayDeque<>();
  private final GrpcServer server;
  private final Probe alive;

  /**
   * Starts a dispatcher over this broker, which stays the caller's to close; {@code telemetry} is closed with it.
   *
   * @throws IOException if keys or credentials cannot be read or the address cannot be listened on; the message says which
   */
  public DispatcherServer(DispatcherSettings settings, Broker broker, InstantSource clock, Telemetry telemetry)
      throws IOException {
    closing.push(telemetry::close);
    ScheduledExecutorService loop = thread("dispatch");
    this.alive = new ThreadProbe("threads", List.of(loop), PROBE_PATIENCE);
    try {
      this.server = start(settings, broker, clock, telemetry, loop);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
    LOG.info("{} is ready on port {}", settings.name(), server.port());
  }

  private GrpcServer start(
      DispatcherSettings settings,
      Broker broker,
      InstantSource clock,
      Telemetry telemetry,
      ScheduledExecutorService loop)
      throws IOException {
    Hops hops = new Hops(clock, new SecureRandom(), telemetry.meter());
    closing.push(hops::close);
    KeySource keys = KeySource.of(settings.auth().jwks());
    keys.measure(telemetry.meter());
    closing.push(keys::close);
    ScheduledExecutorService timer = thread("timer");
    AddressGuard guard = new AddressGuard(settings.http().allowedNetworks());
    Providers providers = new Providers(settings.push(), hops, timer, clock, guard);
    closing.push(providers::close);
    GuardedClient client = new GuardedClient(settings.http(), guard);
    closing.push(client::close);
    Webhooks webhooks =
        new Webhooks(
            broker, settings.webhooks(), client, clock, thread("webhooks"), new SecureRandom(), telemetry.meter());
    closing.push(webhooks::close);
    PushUsers users = new PushUsers(broker.table(TableName.PUSH_USERS));
    RevokedTokens revoked = new RevokedTokens(broker.table(TableName.REVOCATIONS));
    BlockedUsers blocked = new BlockedUsers(broker.table(TableName.BLOCKS));
    Dispatcher dispatcher =
        new Dispatcher(
            settings.name(),
            new Dispatcher.Parts(
                broker,
                clock,
                new SecureRandom(),
                loop,
                settings.times(),
                users,
                blocked,
                new Names(broker.table(TableName.PROFILES), clock),
                settings.concurrentPushes(),
                providers::of,
                new DispatchMetrics(telemetry.meter(), Traces.of(telemetry, 0), clock),
                new ToWebhooks(webhooks)));
    closing.push(dispatcher::close);
    providers.onAvailable(dispatcher::available);
    webhooks
        .start()
        .thenCompose(done -> users.load())
        .thenCompose(done -> blocked.load())
        .thenCompose(done -> revoked.load())
        .thenCompose(done -> dispatcher.start())
        .orTimeout(START.toMillis(), TimeUnit.MILLISECONDS)
        .join();
    GrpcServer listening =
        GrpcServer.builder(settings.server())
            .auth(new TokenVerifier(keys, settings.auth().rules(), revoked::issuedBefore, clock))
            .telemetry(telemetry)
            .service(new PushGrpcService(users, dispatcher, clock))
            .service(webhooks.service())
            .start();
    closing.push(listening::close);
    listening.ready();
    return listening;
  }

  /** A thread of its own, that ends when everything that was made after it has. */
  private ScheduledExecutorService thread(String name) {
    ScheduledThreadPoolExecutor made =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name(name).factory());
    // The time limit of a push that was answered would keep the push in memory until it is over.
    made.setRemoveOnCancelPolicy(true);
    closing.push(made::shutdownNow);
    return made;
  }

  /** Webhooks work on the shards of the dispatcher. */
  private record ToWebhooks(Webhooks webhooks) implements Dispatcher.ShardListener {
    @Override
    public void own(int shard) {
      webhooks.own(shard);
    }

    @Override
    public void disown(int shard) {
      webhooks
          .disown(shard)
          .exceptionally(
              failure -> {
                LOG.info("the cursors of shard {} were not stored a last time; something comes twice", shard, failure);
                return null;
              });
    }

    @Override
    public void grown(int shard, long position) {
      webhooks.wake(shard, position);
    }
  }

  /** Whether its thread takes work; asks nobody else. */
  public Probe alive() {
    return alive;
  }

  /** Whether it takes calls: as its health service says. */
  public Probe ready() {
    return server::notReady;
  }

  /** The port that is listened on. */
  public int port() {
    return server.port();
  }

  /** Leaves: gives its shards free, so that others take them at once, and ends. */
  @Override
  public void close() {
    while (!closing.isEmpty()) {
      closing.pop().run();
    }
  }
}
