package dev.parley.router.feed;

import dev.parley.v1.Term;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the owner of a shard says to a router. Immutable. */
public sealed interface FromOwner {
  /**
   * Where a feed begins.
   *
   * @param position the first batch begins here
   * @param anew what lies between the watermark and the position is not fed, and the conversations of the Open are not
   *     followed: each is to be followed anew
   */
  record Opened(long epoch, Term term, long position, boolean anew) implements FromOwner {}

  /**
   * Part of a feed, for whom everything up to {@code from} was fed.
   *
   * @param to everything up to this position is in the batches up to this one
   */
  record Batch(long epoch, Term term, long from, long to, List<Item> items) implements FromOwner {
    public Batch {
      items = List.copyOf(items);
    }
  }

  /**
   * The owner decides nothing of this feed any more: what has no answer is undecided, or its outcome is not known there.
   *
   * @param view the number of the view by which it is not the owner; 0: it is being deposed, or drops a feed that is
   *     too slow
   * @param again it was not the owner yet and is now: to be opened again at once
   */
  record Bounced(long epoch, long view, boolean again) implements FromOwner {}

  /**
   * To the next owner: the asked one decides nothing any more.
   *
   * @param view of the {@link ToOwner.GiveAway}
   * @param handover what it knew; null: it never was the owner
   */
  record GivenAway(long view, @Nullable Handover handover) implements FromOwner {}
}
