package dev.parley.router.view;

import dev.parley.router.feed.RouterId;

/**
 * A router as it is registered. Immutable.
 *
 * @param linkAddress where other routers reach it, as host:port
 * @param draining it is leaving: it keeps its sessions for now and owns nothing new
 * @param mostShards it has just come and owns so many shards at most while there are others for the rest
 */
public record Member(RouterId id, String linkAddress, boolean draining, int mostShards) {
  /** It owns its share. */
  static final int SHARE = Integer.MAX_VALUE;

  /** One that stays and owns its share. */
  public static Member of(RouterId id, String linkAddress) {
    return new Member(id, linkAddress, false, SHARE);
  }
}
