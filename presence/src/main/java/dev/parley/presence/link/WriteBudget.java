package dev.parley.presence.link;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * How many changes all links of an instance may have under way to the store, so that none waits there so long that the
 * store looks dead. Who gets none is called in its turn.
 *
 * <p>Belongs to the loop.
 */
final class WriteBudget {
  private final Set<Runnable> waiting = new LinkedHashSet<>();
  private int left;

  /** With so many changes. */
  WriteBudget(int changes) {
    this.left = changes;
  }

  /** So many of {@code wanted} may go now; 0: {@code turn} is called when others have come back. */
  int take(int wanted, Runnable turn) {
    int taken = waiting.isEmpty() || waiting.contains(turn) ? Math.min(wanted, left) : 0;
    left -= taken;
    if (taken == 0) {
      waiting.add(turn);
    } else {
      waiting.remove(turn);
    }
    return taken;
  }

  /** So many have come back, with whichever outcome. */
  void give(int changes) {
    left += changes;
    while (left > 0 && !waiting.isEmpty()) {
      Runnable turn = waiting.iterator().next();
      turn.run();
      // Whoever still wants some has taken all; whoever took none wants none any more.
      if (left > 0) {
        waiting.remove(turn);
      }
    }
  }
}
