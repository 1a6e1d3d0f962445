package dev.parley.router.presence;

import dev.parley.internal.v1.Told;
import java.util.List;
import java.util.concurrent.Executor;

/** The sessions of one loop, as watchers. Everything but {@link #execute} on the loop. */
public interface PresenceHub extends Executor {
  /** Subjects that this loop watches are so now. */
  void told(List<Told> told);

  /**
   * Whether presence can be known: while it cannot, everything reads UNKNOWN. What was told before is right again when it
   * can, but for what has been told meanwhile.
   */
  void available(boolean available);
}
