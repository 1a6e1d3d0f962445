package dev.parley.router.view;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the clocks of the other routers are from this one's, by the times that they say of themselves once a second. Such
 * a time is older by the way through the broker: milliseconds, unless the broker or this router stood still, after which
 * several come at once, each of them late. So a difference is told of in the log when it was there for {@link #SURE}.
 *
 * <p>Belongs to one loop; {@link #ahead} is readable everywhere.
 */
final class PeerClocks {
  /** Above it clients notice: tokens seem to end early or late, and the times of messages jump. */
  static final Duration MOST = Duration.ofSeconds(1);

  static final Duration SURE = Duration.ofSeconds(5);

  private static final Logger LOG = LoggerFactory.getLogger(PeerClocks.class);

  private final InstantSource clock;
  private final LongSupplier nanos;
  private final TreeMap<String, Peer> peers = new TreeMap<>();
  private volatile Map<String, Duration> ahead = Map.of();

  private static final class Peer {
    Duration ahead = Duration.ZERO;
    boolean apart;
    long apartSinceNanos;
    boolean told;
  }

  /** {@code nanos}: a monotonic clock. */
  PeerClocks(InstantSource clock, LongSupplier nanos) {
    this.clock = clock;
    this.nanos = nanos;
  }

  /** Of each router that says its time, by how much its clock is ahead of this one's; negative: behind. */
  Map<String, Duration> ahead() {
    return ahead;
  }

  /** A router has said what time it is there. */
  void heard(String router, Instant theirs) {
    Peer peer = peers.computeIfAbsent(router, unknown -> new Peer());
    peer.ahead = Duration.between(clock.instant(), theirs);
    long now = nanos.getAsLong();
    boolean apart = peer.ahead.abs().compareTo(MOST) > 0;
    if (apart && !peer.apart) {
      peer.apartSinceNanos = now;
    }
    peer.apart = apart;
    if (apart && now - peer.apartSinceNanos >= SURE.toNanos() && !peer.told) {
      peer.told = true;
      LOG.warn(
          "the clock of {} is {} s {} this router's: one of the two is wrong. See whether both machines follow NTP"
              + " (timedatectl, chronyc tracking)",
          router,
          String.format(Locale.ROOT, "%.1f", peer.ahead.abs().toMillis() / 1e3),
          peer.ahead.isNegative() ? "behind" : "ahead of");
    } else if (!apart && peer.told) {
      peer.told = false;
      LOG.info("the clocks of {} and this router agree again", router);
    }
    publish();
  }

  /** A router is gone, or says no time. */
  void forget(String router) {
    if (peers.remove(router) != null) {
      publish();
    }
  }

  private void publish() {
    TreeMap<String, Duration> now = new TreeMap<>();
    peers.forEach((router, peer) -> now.put(router, peer.ahead));
    ahead = Collections.unmodifiableMap(now);
  }
}
