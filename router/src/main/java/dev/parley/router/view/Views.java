package dev.parley.router.view;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.Registry;
import dev.parley.internal.v1.RouterEntry;
import dev.parley.router.feed.RouterId;
import dev.parley.router.loop.Loop;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers this router, again and again, and makes a {@link View} of what the registry tells.
 *
 * <p>Where others are already, it takes no shard for the first two seconds, in which they link, then one, and twice as
 * many every two seconds until it has its share: a process that has just started is slow for a while, and nobody is to
 * wait for it.
 *
 * <p>A view that shrinks because the broker was away is not believed at once: while its connection is gone, and for one
 * {@link Registry#TTL} afterwards, a router's end is only noted, since everybody's entry has ended then and those who
 * live announce themselves again.
 *
 * <p>A state machine on one loop; {@link #view} is readable everywhere.
 */
public final class Views {
  private static final Logger LOG = LoggerFactory.getLogger(Views.class);
  private static final Duration RENEWAL = Duration.ofSeconds(1);
  private static final Duration RETRY = Duration.ofMillis(200);
  private static final Duration GROWTH = Duration.ofSeconds(2);

  private final Member self;
  private final int shards;
  private final Registry registry;
  private final BooleanSupplier connected;
  private final Loop loop;
  private final InstantSource clock;
  private final PeerClocks clocks;
  private final Consumer<View> listener;

  private final TreeMap<String, Member> members = new TreeMap<>();
  /** Ends that are not believed yet, and with which revision they came. */
  private final TreeMap<String, Long> doubted = new TreeMap<>();
  private final CompletableFuture<Void> told = new CompletableFuture<>();
  private volatile View view = View.NOBODY;
  private boolean draining;
  /** See {@link Member#mostShards}. */
  private int mostShards = Member.SHARE;
  private boolean withdrawn;
  private long changedRevision;
  /** Who else has registered under this router's name since it did. */
  private @Nullable RouterId namesake;
  /** Counts what was changed in the entry: only the newest change gives it its revision. */
  private int changes;
  private boolean wasDisconnected;
  /** Counts reconnects: an end is believed one TTL after the newest. */
  private int doubts;
  private boolean doubting;

  /**
   * Not registered yet.
   *
   * @param self this router
   * @param connected whether the broker can be reached right now
   * @param clock this router's, which it tells the others
   * @param nanos a monotonic one
   * @param listener told each new view, on the loop
   */
  public Views(
      Member self,
      int shards,
      Registry registry,
      BooleanSupplier connected,
      InstantSource clock,
      LongSupplier nanos,
      Loop loop,
      Consumer<View> listener) {
    this.self = self;
    this.shards = shards;
    this.registry = registry;
    this.connected = connected;
    this.clock = clock;
    this.clocks = new PeerClocks(clock, nanos);
    this.loop = loop;
    this.listener = listener;
  }

  /** Registers and begins to watch; completed when there is a view that has this router in it. */
  public CompletableFuture<Void> start() {
    loop.execute(this::watch);
    return told;
  }

  /** What is known now. */
  public View view() {
    return view;
  }

  /** Of each other router, by how much its clock is ahead of this one's; negative: behind. On any thread. */
  public Map<String, Duration> clocksAhead() {
    return clocks.ahead();
  }

  /** Says to all that this router leaves. On any thread. */
  public void drain() {
    loop.execute(
        () -> {
          draining = true;
          announceChange();
        });
  }

  /** Takes this router out of the registry, for good. On any thread. */
  public CompletableFuture<Void> withdraw() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          withdrawn = true;
          registry.withdraw(self.id().name()).whenComplete((gone, failure) -> done.complete(null));
        });
    return done;
  }

  private void watch() {
    Registry.Watcher watcher =
        new Registry.Watcher() {
          @Override
          public void announced(String router, byte[] entry, long revision) {
            loop.execute(() -> known(router, entry, revision));
          }

          @Override
          public void gone(String router, long revision) {
            loop.execute(() -> ended(router, revision));
          }
        };
    registry
        .watch(watcher)
        .whenComplete(
            (all, failure) -> {
              if (failure != null) {
                LOG.info("the registry cannot be watched yet: {}", failure.getMessage());
                loop.after(RETRY, this::watch);
              } else {
                loop.execute(this::join);
              }
            });
  }

  private void join() {
    // An entry under its own name is of its earlier life, which has ended: nobody owns its shards.
    if (members.values().stream().anyMatch(member -> !member.draining() && !isCalledLikeThis(member.id()))) {
      mostShards = 0;
      loop.after(GROWTH, this::grow);
    }
    renew();
  }

  private boolean isCalledLikeThis(RouterId router) {
    return router.name().equals(self.id().name());
  }

  private void grow() {
    if (draining || withdrawn) {
      return;
    }
    int more = Math.max(1, mostShards * 2);
    mostShards = more < shards ? more : Member.SHARE;
    announceChange();
    if (more < shards) {
      loop.after(GROWTH, this::grow);
    }
  }

  private void renew() {
    if (withdrawn) {
      return;
    }
    if (!connected.getAsBoolean()) {
      wasDisconnected = true;
    } else if (wasDisconnected) {
      wasDisconnected = false;
      doubt();
    }
    announce();
    loop.after(RENEWAL, this::renew);
  }

  private void announceChange() {
    changes++;
    changedRevision = 0;
    announce();
  }

  private void announce() {
    if (withdrawn) {
      return;
    }
    int change = changes;
    RouterEntry.Builder entry =
        RouterEntry.newBuilder()
            .setIncarnation(self.id().incarnation())
            .setLinkAddress(self.linkAddress())
            .setDraining(draining)
            .setTime(Timestamps.of(clock.instant()))
            .setChangedRevision(changedRevision);
    if (mostShards != Member.SHARE) {
      entry.setMostShards(mostShards);
    }
    registry
        .announce(self.id().name(), entry.build().toByteArray())
        .whenComplete(
            (revision, failure) ->
                loop.execute(
                    () -> {
                      if (failure != null) {
                        LOG.debug("not announced; it is tried again", failure);
                      } else if (changedRevision == 0 && change == changes) {
                        changedRevision = revision;
                      }
                    }));
  }

  /** The broker is there again. On any thread. */
  public void reconnected() {
    loop.execute(
        () -> {
          doubt();
          announce();
        });
  }

  /** The broker was away: ends that are told now may be nobody's fault. */
  private void doubt() {
    doubting = true;
    int mine = ++doubts;
    loop.after(
        Registry.TTL,
        () -> {
          if (mine == doubts) {
            doubting = false;
            believe();
          }
        });
  }

  private void believe() {
    long newest = 0;
    for (var end : doubted.entrySet()) {
      members.remove(end.getKey());
      newest = Math.max(newest, end.getValue());
    }
    doubted.clear();
    if (newest > 0) {
      changed(newest);
    }
  }

  private void known(String router, byte[] bytes, long revision) {
    RouterEntry entry;
    try {
      entry = RouterEntry.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      LOG.error("the entry of router {} is not readable", router, e);
      return;
    }
    doubted.remove(router);
    Member member =
        new Member(
            new RouterId(router, entry.getIncarnation()),
            entry.getLinkAddress(),
            entry.getDraining(),
            entry.hasMostShards() ? entry.getMostShards() : Member.SHARE);
    if (!member.equals(members.put(router, member))) {
      changed(Math.max(view.number(), entry.getChangedRevision() == 0 ? revision : entry.getChangedRevision()));
    }
    boolean own = member.id().equals(self.id());
    if (entry.hasTime() && !own) {
      clocks.heard(router, Timestamps.toInstant(entry.getTime()));
    }
    if (own) {
      told.complete(null);
    } else if (isCalledLikeThis(member.id()) && told.isDone()) {
      calledLikeThis(member.id());
    }
  }

  /** What an earlier life of this router said at last may come late, once; whoever says more is another router. */
  private void calledLikeThis(RouterId router) {
    if (router.equals(namesake)) {
      LOG.error("another router has registered under the name {}: each needs a name of its own", router.name());
      return;
    }
    namesake = router;
    announceChange();
  }

  private void ended(String router, long revision) {
    clocks.forget(router);
    if (router.equals(self.id().name()) && !withdrawn) {
      // Paused, or the broker was away for too long: this life begins to count anew.
      announceChange();
    }
    if (!members.containsKey(router)) {
      return;
    }
    if (doubting || !connected.getAsBoolean()) {
      doubted.put(router, revision);
      return;
    }
    members.remove(router);
    changed(revision);
  }

  private void changed(long number) {
    view = View.of(Math.max(number, view.number()), List.copyOf(members.values()), shards);
    LOG.info("view {}: {}", view.number(), members.values());
    listener.accept(view);
  }
}
