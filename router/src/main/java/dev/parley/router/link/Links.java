package dev.parley.router.link;

import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.wire.Wire;
import dev.parley.internal.v1.LinkFrame;
import dev.parley.internal.v1.ShardFrame;
import dev.parley.router.feed.RouterId;
import dev.parley.router.loop.Loop;
import dev.parley.router.view.Member;
import dev.parley.router.view.View;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The links to all other routers. Of two routers the one with the lower name dials, again and again while the other one
 * is in the view, and less often while the hop to it is open; a newer link to a router takes the place of the older.
 *
 * <p>{@link #send} and {@link #reaches} are thread-safe; everything else belongs to the loop.
 */
public final class Links implements Link.Events {
  private static final Logger LOG = LoggerFactory.getLogger(Links.class);
  private static final Duration REDIAL = Duration.ofMillis(100);
  /** So long is known of a router how it answered, after it has left the view. */
  private static final Duration REMEMBER = Duration.ofMinutes(1);

  private final RouterId self;
  private final LinkTimes times;
  private final Loop loop;
  private final LongSupplier nanos;
  private final Dialer dialer;
  private final PeerHops hops;
  private final LinkListener listener;

  /** Links that are up. */
  private final Map<RouterId, Link> links = new ConcurrentHashMap<>();
  private final Set<Link> opening = new LinkedHashSet<>();
  private final Set<RouterId> dialing = new LinkedHashSet<>();
  /** Those that are dialed in a moment. */
  private final Set<RouterId> redialing = new LinkedHashSet<>();
  private View view = View.NOBODY;
  private boolean closed;

  /** No links yet. {@code nanos}: a monotonic clock; {@code hops}: nobody else's. */
  public Links(
      RouterId self,
      LinkTimes times,
      Loop loop,
      LongSupplier nanos,
      Dialer dialer,
      PeerHops hops,
      LinkListener listener) {
    this.self = self;
    this.times = times;
    this.loop = loop;
    this.nanos = nanos;
    this.dialer = dialer;
    this.hops = hops;
    this.listener = listener;
  }

  /** Begins to keep links alive. */
  public void start() {
    loop.after(times.heartbeat(), this::tick);
  }

  /** Says something about a shard to a router; false: it cannot be reached, or too much waits for it. */
  public boolean send(RouterId router, ShardFrame frame) {
    Link link = links.get(router);
    if (link == null) {
      return false;
    }
    boolean sent = link.send(frame);
    if (!sent) {
      hops.to(router.name()).full();
    }
    return sent;
  }

  /** There is a link to this router now. */
  public boolean reaches(RouterId router) {
    return links.containsKey(router);
  }

  /** Opens what is missing and ends what is over. */
  public void view(View now) {
    view = now;
    links.keySet().stream().filter(peer -> !now.has(peer)).toList().forEach(this::endLink);
    now.members().forEach(this::dial);
    loop.after(REMEMBER, this::forgetWhoIsGone);
  }

  private void forgetWhoIsGone() {
    for (String router : hops.routers()) {
      if (view.members().stream().noneMatch(member -> member.id().name().equals(router))) {
        hops.forget(router);
      }
    }
  }

  private void endLink(RouterId peer) {
    Link link = links.get(peer);
    if (link != null) {
      link.end();
    }
  }

  private void dial(Member member) {
    RouterId peer = member.id();
    boolean mine = self.name().compareTo(peer.name()) < 0;
    if (closed || !mine || links.containsKey(peer) || dialing.contains(peer)) {
      return;
    }
    if (!hops.to(peer.name()).allowed()) {
      redialSoon(peer);
      return;
    }
    dialing.add(peer);
    Link link = new Link(self, peer, times, loop, nanos, this);
    opening.add(link);
    link.open(dialer.dial(member.linkAddress(), link));
  }

  /** Takes a wire that another router has opened; what comes over it is told to the ear. On any thread. */
  public Wire.Ear<LinkFrame> accept(Wire<LinkFrame> wire) {
    Link link = new Link(self, new RouterId("", 0), times, loop, nanos, this);
    loop.execute(
        () -> {
          if (closed) {
            wire.close();
          } else {
            opening.add(link);
            link.open(wire);
          }
        });
    return link;
  }

  private void tick() {
    if (!closed) {
      List.copyOf(opening).forEach(Link::tick);
      links.values().forEach(Link::tick);
      links.values().forEach(this::report);
      loop.after(times.heartbeat(), this::tick);
    }
  }

  /** A link that is up tells its hop of silence, and of speech after that. */
  private void report(Link link) {
    Hop hop = hops.to(link.peer().name());
    if (link.silent()) {
      hop.failed(new IOException("it is silent"));
    } else if (hop.state() != Hop.State.CLOSED) {
      hop.succeeded();
    }
  }

  /** Ends all links. */
  public void close() {
    closed = true;
    List.copyOf(opening).forEach(Link::end);
    List.copyOf(links.keySet()).forEach(this::endLink);
  }

  @Override
  public void up(Link link) {
    opening.remove(link);
    Link older = links.get(link.peer());
    if (older != null && older != link) {
      older.end();
    }
    links.put(link.peer(), link);
    hops.to(link.peer().name()).succeeded();
    LOG.info("linked to {}", link.peer());
    listener.up(link.peer());
  }

  @Override
  public void down(Link link) {
    opening.remove(link);
    RouterId peer = link.peer();
    boolean wasUp = links.remove(peer, link);
    boolean dialed = dialing.remove(link.expected());
    Member member = view.member(peer.incarnation());
    if (!closed && (wasUp ? member != null : dialed)) {
      hops.to(peer.name()).failed(new IOException(wasUp ? "the link broke" : "no answer when it was dialed"));
    }
    if (wasUp) {
      LOG.info("the link to {} is down", peer);
      listener.down(peer);
    }
    if (member != null) {
      redialSoon(peer);
    }
  }

  private void redialSoon(RouterId peer) {
    if (redialing.add(peer)) {
      loop.after(REDIAL, () -> redial(peer));
    }
  }

  private void redial(RouterId peer) {
    redialing.remove(peer);
    @Nullable Member member = view.member(peer.incarnation());
    if (member != null) {
      dial(member);
    }
  }

  @Override
  public void received(RouterId from, ShardFrame frame) {
    listener.received(from, frame);
  }
}
