package dev.parley.router.shard;

import dev.parley.internal.v1.Open;
import dev.parley.internal.v1.ShardFrame;
import dev.parley.internal.v1.ShardStatus;
import dev.parley.router.feed.FromOwner;
import dev.parley.router.feed.RouterId;
import dev.parley.router.feed.ToOwner;
import dev.parley.router.link.LinkCodec;
import dev.parley.router.view.View;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shard at this router: how its sessions know it, and the owner's place. Carries what is said between the two, or
 * between them and those of other routers. Belongs to the shard's thread.
 */
final class Shard implements OwnerSeat.Mouth, ShardFollower.Owners {
  private static final Logger LOG = LoggerFactory.getLogger(Shard.class);

  private final int shard;
  private final RouterId self;
  private final Peers peers;
  /** The conversations of Opens of which more is to come. */
  private final Map<RouterId, List<String>> opening = new HashMap<>();
  private @org.jspecify.annotations.Nullable ShardFollower follower;
  private @org.jspecify.annotations.Nullable OwnerSeat seat;
  private View view = View.NOBODY;

  Shard(int shard, RouterId self, Peers peers) {
    this.shard = shard;
    this.self = self;
    this.peers = peers;
  }

  /** The two sides, which need this to speak. */
  void between(ShardFollower ofSessions, OwnerSeat ofOwner) {
    this.follower = ofSessions;
    this.seat = ofOwner;
  }

  private ShardFollower follower() {
    return java.util.Objects.requireNonNull(follower);
  }

  private OwnerSeat seat() {
    return java.util.Objects.requireNonNull(seat);
  }

  // ------------------------------------------------------------------ what happens

  void view(View now) {
    view = now;
    seat().view(now);
    follower().view(now);
  }

  void up(RouterId router) {
    follower().up(router);
  }

  void down(RouterId router) {
    opening.remove(router);
    seat().down(router);
    follower().down(router);
  }

  /** Another router has said something. */
  void received(RouterId from, ShardFrame frame) {
    if (frame.hasOpen() && !frame.getOpen().getComplete()) {
      opening.computeIfAbsent(from, router -> new ArrayList<>()).addAll(frame.getOpen().getConversationIdsList());
      return;
    }
    FromOwner fromOwner = LinkCodec.decodeFromOwner(frame);
    ToOwner toOwner = fromOwner == null ? LinkCodec.decodeToOwner(complete(from, frame)) : null;
    if (fromOwner != null) {
      hear(from, fromOwner);
    } else if (toOwner != null) {
      seat().heard(from, toOwner);
    } else {
      LOG.warn("shard {}: {} said something that this version does not know", shard, from);
    }
  }

  private ShardFrame complete(RouterId from, ShardFrame frame) {
    List<String> before = frame.hasOpen() ? opening.remove(from) : null;
    if (before == null) {
      return frame;
    }
    Open.Builder whole = frame.getOpen().toBuilder().addAllConversationIds(before);
    return frame.toBuilder().setOpen(whole).build();
  }

  private void hear(RouterId from, FromOwner message) {
    if (message instanceof FromOwner.GivenAway given) {
      seat().givenAway(given);
    } else {
      follower().heard(from, message);
    }
  }

  // ------------------------------------------------------------------ what is said

  @Override
  public boolean say(RouterId router, ToOwner message) {
    if (router.equals(self)) {
      seat().heard(self, message);
      return true;
    }
    for (ShardFrame frame : LinkCodec.encode(shard, message)) {
      if (!peers.send(router, frame)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean say(RouterId router, FromOwner message) {
    if (router.equals(self)) {
      hear(self, message);
      return true;
    }
    return peers.send(router, LinkCodec.encode(shard, message));
  }

  // ------------------------------------------------------------------ to look at

  ShardStatus status() {
    RouterId owner = view.owner(shard);
    ShardStatus.Builder status =
        ShardStatus.newBuilder()
            .setShard(shard)
            .setOwner(owner == null ? "" : owner.name())
            .setWatermark(follower().watermark())
            .setTerm(follower().term())
            .setFollowing(follower().following())
            .setOpenAsks(follower().openAsks());
    var owned = seat().status();
    if (owned != null) {
      status.setOwned(owned);
    }
    return status.build();
  }
}
