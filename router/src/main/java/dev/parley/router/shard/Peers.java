package dev.parley.router.shard;

import dev.parley.internal.v1.ShardFrame;
import dev.parley.router.feed.RouterId;

/** The other routers, as shards speak to them. Thread-safe. */
public interface Peers {
  /** Says something to a router, in order for each calling thread; false: it cannot be reached, or is too slow. */
  boolean send(RouterId router, ShardFrame frame);
}
