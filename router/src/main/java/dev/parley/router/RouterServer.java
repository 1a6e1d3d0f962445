package dev.parley.router;

import dev.parley.chassis.admin.Probe;
import dev.parley.chassis.admin.ThreadProbe;
import dev.parley.chassis.auth.KeySource;
import dev.parley.chassis.auth.TokenVerifier;
import dev.parley.chassis.errors.Validation;
import dev.parley.chassis.resilience.Hops;
import dev.parley.chassis.server.GrpcServer;
import dev.parley.chassis.telemetry.CallTrace;
import dev.parley.chassis.telemetry.GrpcMetrics;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.conversation.history.ReadRetry;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Wakes;
import dev.parley.conversation.tokens.RevokedTokens;
import dev.parley.router.admin.AdminGrpcService;
import dev.parley.router.admin.Explanations;
import dev.parley.router.admin.OwnStats;
import dev.parley.router.admin.RouterAnswers;
import dev.parley.router.admin.Routers;
import dev.parley.router.api.Calls;
import dev.parley.router.api.ChatGrpcService;
import dev.parley.router.api.Listings;
import dev.parley.router.api.PresenceGrpcService;
import dev.parley.router.api.Shards;
import dev.parley.router.feed.RouterId;
import dev.parley.router.link.GrpcLinks;
import dev.parley.router.loop.NettyLoop;
import dev.parley.router.moderation.HttpModeration;
import dev.parley.router.moderation.Moderation;
import dev.parley.router.moderation.ModerationSettings;
import dev.parley.router.presence.GrpcPresence;
import dev.parley.router.presence.PresenceSurroundings;
import dev.parley.router.session.Allowances;
import dev.parley.router.session.SessionMetrics;
import dev.parley.router.session.Sessions;
import dev.parley.router.shadow.Shadow;
import dev.parley.router.shadow.ShadowMetrics;
import dev.parley.router.shard.ShardMetrics;
import dev.parley.router.user.Blocks;
import dev.parley.router.user.PresenceSettingsTable;
import dev.parley.router.user.Profiles;
import dev.parley.router.view.Member;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A router, wired: event loops, shards pinned to them, sessions, the gRPC surface. Starts in the constructor and is
 * ready when it returns. Thread-safe.
 */
public final class RouterServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RouterServer.class);
  private static final Duration LAST_APPENDS = Duration.ofSeconds(5);
  private static final Duration REGISTRATION = Duration.ofSeconds(30);
  private static final Duration TABLES_DEADLINE = Duration.ofSeconds(30);
  private static final Duration PROBE_PATIENCE = Duration.ofSeconds(1);

  private final RouterSettings settings;
  private final KeySource keys;
  private final GrpcLinks links;
  private final GrpcPresence presence;
  private final RouterCore core;
  private final Sessions sessions;
  private final Wakes.Subscription questions;
  private final GrpcServer server;
  private final Hops hops;
  private final ScheduledExecutorService timer;
  private final Moderation moderation;
  private final Telemetry telemetry;
  private final AtomicBoolean leaving = new AtomicBoolean();
  private final @Nullable RouterMetrics metrics;
  private final Probe alive;

  /**
   * Starts a router over this broker, which stays the caller's to close; {@code telemetry} is closed with the router.
   *
   * @param leave what is done when an operator tells this router to leave: its process is to end; returns at once
   * @throws IOException if the keys cannot be read or the address cannot be listened on; the message says which
   */
  public RouterServer(
      RouterSettings settings, Broker broker, InstantSource clock, Runnable leave, Telemetry telemetry)
      throws IOException {
    this.telemetry = telemetry;
    this.settings = settings;
    this.keys = KeySource.of(settings.auth().jwks());
    keys.measure(telemetry.meter());
    RevokedTokens revoked = new RevokedTokens(broker.table(TableName.REVOCATIONS));
    TokenVerifier verifier =
        new TokenVerifier(keys, settings.auth().rules(), revoked::issuedBefore, clock);
    revoked.load().orTimeout(TABLES_DEADLINE.toMillis(), TimeUnit.MILLISECONDS).join();
    Blocks blocks = new Blocks(broker.table(TableName.BLOCKS), settings.blockedUsers());
    blocks.load().orTimeout(TABLES_DEADLINE.toMillis(), TimeUnit.MILLISECONDS).join();

    EventLoopGroup workers = GrpcServer.newWorkers(settings.server());
    List<NettyLoop> loops = new ArrayList<>();
    for (EventExecutor loop : workers) {
      loops.add(new NettyLoop((EventLoop) loop));
    }
    this.links = new GrpcLinks(settings.link(), workers);
    this.presence = new GrpcPresence(settings.link().secret(), workers, GrpcMetrics.of(telemetry));
    this.alive = new ThreadProbe("event loops", loops, PROBE_PATIENCE);
    AtomicInteger open = new AtomicInteger();
    this.metrics =
        telemetry.counts() || telemetry.traces()
            ? new RouterMetrics(
                telemetry.meter(),
                Traces.of(telemetry, settings.trace().ratio()),
                clock,
                System::nanoTime,
                broker.layout().shards(),
                open::get)
            : null;
    PresenceSettingsTable presenceSettings = new PresenceSettingsTable(broker.table(TableName.PRESENCE_SETTINGS));
    RandomGenerator random = new SecureRandom();
    this.hops = new Hops(clock, random, telemetry.meter());
    this.timer = Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("timer").factory());
    ModerationSettings asking = settings.moderation();
    this.moderation =
        asking.url() == null
            ? Moderation.NONE
            : new HttpModeration(asking, hops.hop("router-moderation", asking.hop(), timer), clock);
    RouterId self = new RouterId(settings.name(), random.nextLong());
    this.core =
        new RouterCore(
            Member.of(self, links.address()),
            loops,
            new RouterCore.Surroundings(
                broker,
                clock,
                System::nanoTime,
                RandomGenerator.getDefault(),
                ReadRetry.DEFAULT,
                links,
                new PresenceSurroundings(
                    settings.presence(),
                    presence,
                    presenceSettings::of,
                    hops.reported("router-presence", settings.hops().presence())),
                blocks::between,
                moderation,
                hops,
                metrics == null ? ShardMetrics.NONE : metrics),
            new RouterCore.Limits(settings.owner(), settings.link().times(), settings.hops()));
    links.serve(core::accept, core::status);
    if (metrics != null) {
      metrics.clocks(telemetry.meter(), core::clocksAhead);
    }

    Shards shards = new Shards(core.shards());
    Listings listings = new Listings(shards);
    Validation validation = new Validation();
    Allowances allowances = new Allowances(settings.session());
    this.sessions =
        Sessions.of(
            settings.name(),
            settings.session(),
            core.hubs(),
            core.shards(),
            verifier::verify,
            validation,
            allowances,
            blocks::hasBlocked,
            core.presence(),
            Shadow.of(
                settings.shadow(), listings::events, random, new ShadowMetrics(telemetry.meter())),
            open,
            broker::durability,
            clock,
            metrics == null ? SessionMetrics.NONE : metrics);
    blocks.onChange(userId -> core.hubs().forEach(hub -> hub.blocksChanged(userId)));
    revoked.onChange((userId, before) -> core.hubs().forEach(hub -> hub.revoked(userId, before)));
    broker.onReconnect(sessions::listAgain);
    this.questions =
        broker
            .inquiries()
            .answer(
                new RouterAnswers(
                    settings.name(),
                    sessions.acknowledged(),
                    new OwnStats(
                        settings.name(),
                        clock.instant(),
                        version(),
                        core::status,
                        leaving::get,
                        sessions::count,
                        broker::durability,
                        clock),
                    leave));
    core.start().orTimeout(REGISTRATION.toMillis(), TimeUnit.MILLISECONDS).join();
    Profiles profiles = new Profiles(broker.table(TableName.PROFILES));
    Calls calls = new Calls(allowances, profiles, clock);
    Routers routers = new Routers(broker.inquiries(), core::view);
    GrpcServer.Builder listening = GrpcServer.builder(settings.server());
    if (telemetry.traces()) {
      listening.interceptor(new CallTrace());
    }
    this.server =
        listening
            .auth(verifier)
            .validation(validation)
            .workers(workers)
            .telemetry(telemetry)
            .service(new ChatGrpcService(shards, listings, sessions, calls, blocks, profiles))
            .service(
                new PresenceGrpcService(
                    shards, sessions, calls, presenceSettings, broker.wakes(), revoked::issuedBefore))
            .service(
                new AdminGrpcService(
                    new Explanations(shards, broker, routers), revoked, routers, broker.layout().shards(), clock))
            .start();
    server.ready();
    LOG.info("{} is ready on port {}; acknowledged means {}", settings.name(), server.port(), broker.durability());
  }

  /** The version that the jar was built as. */
  private static String version() {
    String version = RouterServer.class.getPackage().getImplementationVersion();
    return version == null ? "(not packaged)" : version;
  }

  /** Whether its event loops take work; asks nobody else. */
  public Probe alive() {
    return alive;
  }

  /** Whether it takes new streams: as its health service says. */
  public Probe ready() {
    return server::notReady;
  }

  /** The port that is listened on. */
  public int port() {
    return server.port();
  }

  /**
   * Leaves as the clients would wish: gives its shards to the other routers; is not ready any more, so that the edge
   * sends no new stream; asks the clients to go; waits for them, within limits; then writes what is not written and ends.
   */
  public void drain() throws InterruptedException {
    leaving.set(true);
    LOG.info("{} is leaving with {} sessions", settings.name(), sessions.count());
    core.giveAway(settings.drain().handOver()).join();
    server.draining();
    if (sessions.count() > 0) {
      TimeUnit.NANOSECONDS.sleep(settings.drain().notice().toNanos());
      core.presence().leaving();
      sessions.reconnectAll(settings.drain().spread());
      long until = System.nanoTime() + settings.drain().goingTakes().toNanos();
      while (sessions.count() > 0 && System.nanoTime() < until) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
    close();
  }

  /** Ends at once, but not before everything accepted has its outcome. */
  @Override
  public void close() {
    server.draining();
    sessions.draining().set(true);
    core.presence().leaving();
    core.close(LAST_APPENDS).join();
    sessions.endAll().join();
    questions.close();
    links.close();
    presence.close();
    server.close();
    if (moderation instanceof HttpModeration http) {
      http.close();
    }
    timer.shutdownNow();
    keys.close();
    if (metrics != null) {
      metrics.close();
    }
    telemetry.close();
    hops.close();
  }
}
