package dev.parley.bench;

import java.io.IOException;
import java.time.Duration;

/**
 * Something that happens to a deployment in the middle of a run.
 *
 * @param name what results call it
 * @param demand what clients may expect of a deployment to which it happens
 * @param action does it; returns when it is done, as when what was killed is up again
 */
public record Fault(String name, Demand demand, Action action) {
  /** The name of a stretch in which nothing happens, for comparison. */
  public static final String CALM = "calm";

  /** What clients may expect. */
  public enum Demand {
    /** To be caught up soon. */
    SOON_CAUGHT_UP,
    /** Not to notice: no send fails, nobody waits for long. */
    UNNOTICED,
    /** Likewise, and the delivery takes as long as in the stretches that are called {@link Fault#CALM}. */
    UNFELT,
    /** Only that nothing is lost, doubled or reordered. */
    SAFE
  }

  /** What is done. */
  @FunctionalInterface
  public interface Action {
    /** Blocks until it is done. */
    void run() throws IOException, InterruptedException;
  }

  /** One that begins, lasts for a time and ends. */
  public static Fault lasting(String name, Demand demand, Action begin, Duration time, Action end) {
    return new Fault(
        name,
        demand,
        () -> {
          begin.run();
          Thread.sleep(time);
          end.run();
        });
  }
}
