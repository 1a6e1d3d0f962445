package dev.parley.bench.simulation;

import dev.parley.chassis.auth.Identity;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.errors.Validation;
import dev.parley.chassis.resilience.Hops;
import dev.parley.chassis.wire.Wire;
import dev.parley.conversation.history.ReadRetry;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.LinkFrame;
import dev.parley.router.HopsSettings;
import dev.parley.router.RouterCore;
import dev.parley.router.api.Listings;
import dev.parley.router.api.Shards;
import dev.parley.router.feed.RouterId;
import dev.parley.router.link.LinkTimes;
import dev.parley.router.loop.Loop;
import dev.parley.router.moderation.Moderation;
import dev.parley.router.presence.PresenceSurroundings;
import dev.parley.router.session.Allowances;
import dev.parley.router.session.SessionCall;
import dev.parley.router.session.SessionHub;
import dev.parley.router.session.SessionLimits;
import dev.parley.router.session.SessionMetrics;
import dev.parley.router.session.Sessions;
import dev.parley.router.shadow.Difference;
import dev.parley.router.shadow.Shadow;
import dev.parley.router.shadow.ShadowSettings;
import dev.parley.router.shard.OwnerLimits;
import dev.parley.router.shard.ShardMetrics;
import dev.parley.router.view.Member;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One life of a router: the real one, on simulated threads, over simulated connections. */
final class SimRouter {
  private static final OwnerLimits OWNER =
      new OwnerLimits(
          10_000, 4 << 20, 100_000, 600, 20, 64 << 10, 8, 256, 256 << 10, 256 << 10,
          Duration.ofSeconds(10), Duration.ofMillis(500), Duration.ofMillis(250), Duration.ofSeconds(2),
          Duration.ofMillis(500), Duration.ofSeconds(5), Duration.ofMillis(500));
  private static final SessionLimits SESSIONS =
      new SessionLimits(
          100, 20, 128 << 10, 12, 64, 5_000, 100_000, 5_000, 5_000, 5_000, 50, 1, 1, Duration.ofMinutes(5), 2, Duration.ofSeconds(20),
          Duration.ofSeconds(10), Duration.ofSeconds(5));
  private static final LinkTimes LINK = new LinkTimes(Duration.ofMillis(200), Duration.ofMillis(600), 8 << 20);
  private static final HopsSettings HOPS = Settings.defaults(HopsSettings.class);
  /** Few enough that the others are as they are without it. */
  private static final ShadowSettings SHADOW = new ShadowSettings(10, Duration.ofSeconds(1));

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final SimProcess process;
  private final SimBroker broker;
  private final RouterCore core;
  private final Sessions sessions;
  private final VirtualTime time;
  private final InstantSource clock;
  private final Random random;
  private boolean leaving;

  /** {@code clock}: the router's own, which may be wrong. */
  SimRouter(
      String name,
      MemoryBroker there,
      VirtualTime time,
      InstantSource clock,
      Random random,
      SimLink links,
      SimBroker.World world,
      Consumer<Difference> shadow) {
    this.time = time;
    this.clock = clock;
    this.random = random;
    process = new SimProcess(time, random);
    broker = new SimBroker(there, time, random, process, world);
    List<Loop> loops = List.of(process.loop(), process.loop());
    Hops hops = Hops.unmetered(time, random);
    core =
        new RouterCore(
            Member.of(new RouterId(name, random.nextLong()), name),
            loops,
            new RouterCore.Surroundings(
                broker, clock, time::nanos, random, new ReadRetry(20, Duration.ofMillis(20)), links.dialer(process),
                PresenceSurroundings.none(hops),
                (one, other) -> false, Moderation.NONE, hops, ShardMetrics.NONE),
            new RouterCore.Limits(OWNER, LINK, HOPS));
    sessions =
        Sessions.of(
            name, SESSIONS, core.hubs(), core.shards(),
            token -> {
              throw new UnsupportedOperationException("tokens last long here");
            },
            new Validation(), new Allowances(SESSIONS), (one, other) -> false, core.presence(),
            new Shadow(SHADOW, new Listings(new Shards(core.shards()))::events, random, compared -> {}, shadow),
            new AtomicInteger(), broker::durability, clock, SessionMetrics.NONE);
    core.start();
  }

  SimProcess process() {
    return process;
  }

  SimBroker broker() {
    return broker;
  }

  Wire.Ear<LinkFrame> accept(Wire<LinkFrame> wire) {
    return core.accept(wire);
  }

  /** What it knows, for a person. */
  CompletableFuture<String> status() {
    return core.status().thenApply(status -> status.toString().replace('\n', ' '));
  }

  /** Takes streams. */
  boolean serves() {
    return !process.dead() && !leaving && core.view().owner(0) != null;
  }

  /** Begins a session; what comes for the client is told in this router's process. */
  Stream connect(String user, SessionCall.Downstream client) {
    return new Stream(user, client);
  }

  /** A client's stream, as the client sees it: what it sends arrives in order. */
  final class Stream {
    private final SessionHub hub;
    private @Nullable SessionCall call;

    private Stream(String user, SessionCall.Downstream client) {
      hub = core.hubs().get(random.nextInt(core.hubs().size()));
      Identity identity = new Identity(user, null, null, false, clock.instant(), clock.instant().plus(Duration.ofDays(1)));
      hub.execute(() -> call = SessionCall.open(sessions, hub, identity, client));
    }

    /** Something that the client's end does to the session. */
    void does(Consumer<SessionCall> action) {
      hub.execute(() -> action.accept(Objects.requireNonNull(call)));
    }
  }

  /** Leaves as by SIGTERM; {@code gone} when the process has ended. */
  void leave(Runnable gone) {
    leaving = true;
    core.giveAway(PATIENCE)
        .thenRun(() -> sessions.reconnectAll(Duration.ofMillis(500)))
        .thenRun(
            () ->
                time.after(
                    Duration.ofSeconds(2),
                    () -> process.run(() -> core.close(PATIENCE).thenCompose(done -> sessions.endAll()).thenRun(() -> {
                      process.kill();
                      gone.run();
                    }))));
  }
}
