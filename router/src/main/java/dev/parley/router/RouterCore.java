package dev.parley.router;

import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.resilience.Hops;
import dev.parley.chassis.wire.Wire;
import dev.parley.conversation.history.ReadRetry;
import dev.parley.conversation.log.Broker;
import dev.parley.internal.v1.GetStatusResponse;
import dev.parley.internal.v1.LinkFrame;
import dev.parley.internal.v1.RouterStatus;
import dev.parley.internal.v1.ShardFrame;
import dev.parley.internal.v1.ShardStatus;
import dev.parley.router.feed.RouterId;
import dev.parley.router.link.Dialer;
import dev.parley.router.link.LinkListener;
import dev.parley.router.link.LinkTimes;
import dev.parley.router.link.Links;
import dev.parley.router.link.PeerHops;
import dev.parley.router.loop.Loop;
import dev.parley.router.moderation.Moderation;
import dev.parley.router.presence.PresenceLink;
import dev.parley.router.presence.PresenceSurroundings;
import dev.parley.router.session.SessionHub;
import dev.parley.router.shard.OwnerLimits;
import dev.parley.router.shard.ShardHost;
import dev.parley.router.shard.ShardMetrics;
import dev.parley.router.shard.ShardSurroundings;
import dev.parley.router.view.Member;
import dev.parley.router.view.View;
import dev.parley.router.view.Views;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * A router without sockets: its view of the others, its links, its shards and the hubs of its sessions, on loops that are
 * given to it. The program runs it on the transport's event loops, the simulation on queues of a clock that it moves.
 *
 * <p>Thread-safe.
 */
public final class RouterCore implements LinkListener {
  private final RouterId self;
  private final Broker broker;
  private final Loop control;
  private final List<SessionHub> hubs = new ArrayList<>();
  private final List<ShardHost> shards = new ArrayList<>();
  private final PresenceLink presence;
  private final Links links;
  private final Views views;

  /**
   * What a router needs of its surroundings.
   *
   * @param nanos a monotonic clock
   * @param retry how often a reader of the log asks again
   * @param dialer opens wires to other routers
   * @param presence how presence is reached
   * @param blocks whether one of two users has blocked the other
   * @param moderation who is asked before something is said
   * @param hops makes the breakers of this router's hops
   * @param metrics what happens in shards is told here
   */
  public record Surroundings(
      Broker broker,
      InstantSource clock,
      LongSupplier nanos,
      RandomGenerator random,
      ReadRetry retry,
      Dialer dialer,
      PresenceSurroundings presence,
      BiPredicate<String, String> blocks,
      Moderation moderation,
      Hops hops,
      ShardMetrics metrics) {}

  /** What a router may hold, and for how long. */
  public record Limits(OwnerLimits owner, LinkTimes link, HopsSettings hops) {}

  /** A router that is not registered yet. {@code loops}: shards and sessions are spread over them; at most 64. */
  public RouterCore(Member self, List<? extends Loop> loops, Surroundings around, Limits limits) {
    this.self = self.id();
    this.broker = around.broker();
    this.control = loops.getFirst();
    int count = broker.layout().shards();
    for (Loop loop : loops) {
      hubs.add(new SessionHub(hubs.size(), loop, broker.wakes(), count, around.metrics().traces()));
    }
    this.presence =
        new PresenceLink(
            this.self, around.presence(), control, around.clock(), hubs.stream().map(SessionHub::presence).toList());
    hubs.forEach(hub -> hub.use(presence));
    PeerHops peers = new PeerHops(around.hops(), limits.hops().link());
    this.links = new Links(this.self, limits.link(), control, around.nanos(), around.dialer(), peers, this);
    Hop nats = around.hops().reported("router-nats", limits.hops().nats());
    ShardSurroundings shared =
        new ShardSurroundings(
            this.self, broker, links::send, limits.owner(), around.clock(), around.nanos(), around.retry(),
            around.blocks(), around.moderation(), nats, around.metrics());
    for (int shard = 0; shard < count; shard++) {
      shards.add(new ShardHost(shard, shared, loops.get(shard % loops.size()), hubs, around.random()));
    }
    this.views =
        new Views(
            self, count, broker.registry(), broker::connected, around.clock(), around.nanos(), control, this::viewed);
  }

  /** Registers; completed when this router is in its own view. */
  public CompletableFuture<Void> start() {
    broker.onReconnect(
        () -> {
          views.reconnected();
          presence.settingsMayHaveChanged();
          shards.forEach(ShardHost::reconnected);
        });
    control.execute(links::start);
    presence.start();
    return views.start();
  }

  private void viewed(View view) {
    links.view(view);
    shards.forEach(shard -> shard.view(view));
  }

  /** Takes a wire that another router has opened. */
  public Wire.Ear<LinkFrame> accept(Wire<LinkFrame> wire) {
    return links.accept(wire);
  }

  @Override
  public void up(RouterId router) {
    shards.forEach(shard -> shard.up(router));
  }

  @Override
  public void down(RouterId router) {
    shards.forEach(shard -> shard.down(router));
  }

  @Override
  public void received(RouterId from, ShardFrame frame) {
    if (frame.getShard() < shards.size()) {
      shards.get(frame.getShard()).received(from, frame);
    }
  }

  /** The hubs, one a loop, in order. */
  public List<SessionHub> hubs() {
    return List.copyOf(hubs);
  }

  /** The shards, in order of their numbers. */
  public List<ShardHost> shards() {
    return List.copyOf(shards);
  }

  /** The link to presence. */
  public PresenceLink presence() {
    return presence;
  }

  /** Which routers there are. */
  public View view() {
    return views.view();
  }

  /** See {@link Views#clocksAhead}. */
  public Map<String, Duration> clocksAhead() {
    return views.clocksAhead();
  }

  /** Gives all shards to the other routers, if there are any; completed when that is done or the patience is over. */
  public CompletableFuture<Void> giveAway(Duration patience) {
    boolean others =
        views.view().members().stream().anyMatch(member -> !member.draining() && !member.id().equals(self));
    if (!others) {
      return CompletableFuture.completedFuture(null);
    }
    views.drain();
    return CompletableFuture.allOf(
        shards.stream().map(shard -> shard.awaitGivenAway(patience)).toArray(CompletableFuture[]::new));
  }

  /** Ends: what is still owned is stopped in order, then this router leaves the registry. */
  public CompletableFuture<Void> close(Duration patience) {
    return CompletableFuture.allOf(
            shards.stream().map(shard -> shard.close(patience)).toArray(CompletableFuture[]::new))
        .thenCompose(done -> views.withdraw())
        .thenRun(
            () -> {
              presence.close();
              control.execute(links::close);
            });
  }

  /** What this router knows of routers and shards. */
  public CompletableFuture<GetStatusResponse> status() {
    View view = views.view();
    GetStatusResponse.Builder status =
        GetStatusResponse.newBuilder().setRouter(self.name()).setView(view.number());
    for (Member member : view.members()) {
      status.addRouters(
          RouterStatus.newBuilder()
              .setRouter(member.id().name())
              .setIncarnation(member.id().incarnation())
              .setLinkAddress(member.linkAddress())
              .setDraining(member.draining())
              .setLinked(member.id().equals(self) || links.reaches(member.id())));
    }
    List<CompletableFuture<ShardStatus>> all = shards.stream().map(ShardHost::status).toList();
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              all.forEach(shard -> status.addShards(shard.join()));
              return status.build();
            });
  }
}
