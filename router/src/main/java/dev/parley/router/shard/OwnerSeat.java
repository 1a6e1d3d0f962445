package dev.parley.router.shard;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.log.ShardLog;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.OwnedShardStatus;
import dev.parley.router.feed.FromOwner;
import dev.parley.router.feed.FromOwner.Bounced;
import dev.parley.router.feed.FromOwner.GivenAway;
import dev.parley.router.feed.RouterId;
import dev.parley.router.feed.ToOwner;
import dev.parley.router.view.Member;
import dev.parley.router.view.View;
import java.time.Duration;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The owner's place for one shard at this router: taken when the view says so, given away when the next owner asks.
 *
 * <pre>
 *   EMPTY --the view names this router--> ASKING --the living owner has stopped, or does not answer--> HELD
 *     ^                                     |                                                           |
 *     +--------- the view names another ----+                +---- the next owner asks: GIVING ---------+
 *     +------------------------------------------------------+                                          |
 *     +--1 to 3 s-- DEPOSED <------------------ another owner's term is on the log ---------------------+
 * </pre>
 *
 * <p>The view only says who tries: that there is one writer rests on the fence in {@link Tenure} alone. Belongs to the
 * shard's thread.
 */
final class OwnerSeat {
  private static final Logger LOG = LoggerFactory.getLogger(OwnerSeat.class);
  /** How long the one before may take to stop: afterwards it is fenced. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration RETRY = Duration.ofMillis(20);
  private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(1);
  /** A router that gave a shard away waits so long for the view that says so. */
  private static final Duration VIEW_PATIENCE = Duration.ofSeconds(3);

  private final int shard;
  private final RouterId self;
  private final ShardLog log;
  private final Timer timer;
  private final RandomGenerator random;
  private final Mouth mouth;
  private final Function<Runnable, OwnedShard> ownership;

  private View view = View.NOBODY;
  private Phase phase = Phase.EMPTY;
  private @Nullable OwnedShard owned;
  /** Tells apart what belongs to this try from what is late. */
  private int tries;
  private long givenAwayTo;

  private enum Phase {
    EMPTY,
    ASKING,
    HELD,
    GIVING,
    DEPOSED
  }

  /** How other routers, and this one, are spoken to. */
  interface Mouth extends Feeds.Mouth {
    /** Says something to the owner that was before. */
    boolean say(RouterId router, ToOwner message);
  }

  /** {@code ownership}: makes a new one, given what is to be done when it is deposed. */
  OwnerSeat(
      int shard,
      RouterId self,
      ShardLog log,
      Timer timer,
      RandomGenerator random,
      Mouth mouth,
      Function<Runnable, OwnedShard> ownership) {
    this.shard = shard;
    this.self = self;
    this.log = log;
    this.timer = timer;
    this.random = random;
    this.mouth = mouth;
    this.ownership = ownership;
  }

  // ------------------------------------------------------------------ the view

  /** Routers have come or gone. */
  void view(View now) {
    View before = view;
    view = now;
    if (owned != null) {
      before.members().stream()
          .map(Member::id)
          .filter(router -> !now.has(router))
          .forEach(owned::gone);
    }
    boolean mine = self.equals(now.owner(shard));
    if (mine && phase == Phase.EMPTY && now.number() >= givenAwayTo) {
      ask();
    } else if (!mine && (phase == Phase.ASKING || phase == Phase.DEPOSED || (phase == Phase.HELD && !active()))) {
      leave(now.number());
    }
  }

  private boolean active() {
    return owned != null && owned.active();
  }

  private void leave(long number) {
    tries++;
    OwnedShard left = owned;
    owned = null;
    phase = Phase.EMPTY;
    if (left != null) {
      left.end(number);
    }
  }

  // ------------------------------------------------------------------ taking over

  private void ask() {
    phase = Phase.ASKING;
    int mine = ++tries;
    owned = ownership.apply(() -> deposed(mine));
    timer.after(PATIENCE, () -> take(mine));
    findPredecessor(mine);
  }

  /** Whoever wrote the newest Owner record may still be at it. */
  private void findPredecessor(int mine) {
    if (mine != tries || phase != Phase.ASKING) {
      return;
    }
    log.tail()
        .whenComplete(
            Completion.seen(
                (tail, failure) -> {
                  if (failure != null) {
                    timer.after(RETRY, () -> findPredecessor(mine));
                  } else if (mine == tries && phase == Phase.ASKING) {
                    Member living = tail.owner() == null ? null : view.member(incarnation(tail.owner()));
                    if (living == null || living.id().equals(self)) {
                      take(mine);
                    } else {
                      askToGiveAway(living.id(), mine);
                    }
                  }
                }));
  }

  private static long incarnation(ShardLog.StoredRecord owner) {
    try {
      return LogRecord.parseFrom(owner.bytes()).getTerm().getIncarnation();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the Owner record at position " + owner.position() + " is not readable", e);
    }
  }

  /** A link may still be on its way: said again until the patience is over. */
  private void askToGiveAway(RouterId predecessor, int mine) {
    if (mine == tries && phase == Phase.ASKING && !mouth.say(predecessor, new ToOwner.GiveAway(view.number()))) {
      timer.after(RETRY, () -> askToGiveAway(predecessor, mine));
    }
  }

  /** The owner before has stopped. */
  void givenAway(GivenAway given) {
    if (phase == Phase.ASKING && given.view() <= view.number()) {
      if (owned != null && given.handover() != null) {
        owned.adopt(given.handover());
      }
      take(tries);
    }
  }

  private void take(int mine) {
    if (mine == tries && phase == Phase.ASKING && owned != null) {
      phase = Phase.HELD;
      owned.takeOver();
    }
  }

  private void deposed(int mine) {
    if (mine != tries || phase == Phase.EMPTY) {
      return;
    }
    leave(0);
    phase = Phase.DEPOSED;
    int now = tries;
    timer.after(
        SHORTEST_PAUSE.plusMillis(random.nextInt(2_000)),
        () -> {
          if (now == tries && phase == Phase.DEPOSED) {
            phase = Phase.EMPTY;
            view(view);
          }
        });
  }

  // ------------------------------------------------------------------ from the routers

  /** A router has said something. */
  void heard(RouterId from, ToOwner message) {
    OwnedShard here = owned;
    switch (message) {
      case ToOwner.GiveAway give -> giveAway(from, give.view());
      case ToOwner.Open open -> {
        if (here == null || phase == Phase.GIVING) {
          mouth.say(from, new Bounced(open.epoch(), view.number(), false));
        } else {
          here.open(from, open);
        }
      }
      case ToOwner.Ask ask -> {
        if (here != null) {
          here.ask(from, ask);
        }
      }
      case ToOwner.Unfollow unfollow -> {
        if (here != null) {
          here.unfollow(from, unfollow.conversationId());
        }
      }
      case ToOwner.Typing typing -> {
        if (here != null) {
          here.typing(typing.conversationId(), typing.userId());
        }
      }
    }
  }

  /** A router cannot be reached. */
  void down(RouterId router) {
    if (owned != null) {
      owned.gone(router);
    }
  }

  private void giveAway(RouterId next, long number) {
    if (number < view.number() && self.equals(view.owner(shard))) {
      return; // it will see the newer view, by which it is not the owner
    }
    if (phase == Phase.GIVING) {
      return;
    }
    if (!active()) {
      givenAwayTo = Math.max(givenAwayTo, number);
      leave(number);
      mouth.say(next, new GivenAway(number, null));
      return;
    }
    phase = Phase.GIVING;
    givenAwayTo = Math.max(givenAwayTo, number);
    int mine = tries;
    OwnedShard given = owned;
    if (given != null) {
      given.giveAway(
          handover -> {
            if (mine == tries && phase == Phase.GIVING) {
              LOG.info("shard {}: given to {}", shard, next);
              if (!mouth.say(next, new GivenAway(number, handover)) && handover != null) {
                mouth.say(next, new GivenAway(number, handover.bare()));
              }
              leave(number);
              awaitView(number);
            }
          });
    }
  }

  /** If no view comes that agrees with the next owner's, this router goes by its own again. */
  private void awaitView(long number) {
    timer.after(
        VIEW_PATIENCE,
        () -> {
          if (givenAwayTo == number) {
            givenAwayTo = 0;
            view(view);
          }
        });
  }

  /** The broker is there again. */
  void reconnected() {
    if (owned != null && phase == Phase.HELD) {
      owned.reconnected();
    }
  }

  /**
   * The router stops: what is held is given to nobody, in order; {@code done} follows, after the
   * patience at the latest.
   */
  void close(Duration patience, Runnable done) {
    view = View.NOBODY;
    OwnedShard held = owned;
    if (held == null || !held.active() || phase != Phase.HELD) {
      leave(0);
      done.run();
      return;
    }
    phase = Phase.GIVING;
    int mine = tries;
    Runnable end =
        () -> {
          if (mine == tries) {
            leave(0);
            done.run();
          }
        };
    held.giveAway(handover -> end.run());
    timer.after(patience, end);
  }

  /** Nothing is held, nor about to be. */
  boolean empty() {
    return owned == null;
  }

  /** What there is to know of the ownership; null: there is none. */
  @Nullable OwnedShardStatus status() {
    return owned == null ? null : owned.status();
  }
}
