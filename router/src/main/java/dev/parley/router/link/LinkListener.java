package dev.parley.router.link;

import dev.parley.internal.v1.ShardFrame;
import dev.parley.router.feed.RouterId;

/** Who is told what happens on links. */
public interface LinkListener {
  /** A router can be reached. */
  void up(RouterId router);

  /** A router cannot be reached: what was under way to it and from it is lost. */
  void down(RouterId router);

  /** A router has said something. In order for each shard; possibly still after {@link #down}. */
  void received(RouterId from, ShardFrame frame);
}
