package dev.parley.router.shard;

import dev.parley.v1.Term;

/**
 * The order of terms: by number, then by the incarnation of the router as an unsigned number. So no two routers ever
 * hold the same term, and whoever sees two terms knows which one came later.
 */
final class Terms {
  private Terms() {}

  /** Negative: {@code one} is the lower term; 0: they are the same; positive: it is the higher one. */
  static int compare(Term one, Term other) {
    int byNumber = Long.compareUnsigned(one.getNumber(), other.getNumber());
    return byNumber != 0 ? byNumber : Long.compareUnsigned(one.getIncarnation(), other.getIncarnation());
  }

  static Term max(Term one, Term other) {
    return compare(one, other) >= 0 ? one : other;
  }
}
