package dev.parley.chassis.resilience;

import dev.parley.chassis.resilience.HopMetrics.Outcome;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way to another service. A breaker stops calls while too many fail, so that nobody waits for what cannot answer;
 * so many calls may be under way at most, each for so long at most, and those that are safe to repeat are repeated within
 * a budget. What is not a call, as a heartbeat or a record that is appended elsewhere, drives the breaker by reports.
 *
 * <pre>
 *   CLOSED --too many failed--> OPEN --its time is over, and somebody asks--> HALF_OPEN --trials went well--> CLOSED
 *                                ^                                                |
 *                                +----------------- trials failed ----------------+
 * </pre>
 *
 * <p>Thread-safe, and never blocks. Every change of state is a line in the log and shows in the metrics of {@link Hops},
 * from which hops come.
 */
public final class Hop implements AutoCloseable {
  private final Hops hops;
  private final String name;
  private final HopMetrics metrics;
  private final Breaker breaker;
  private final @Nullable Calls calls;

  /** Whether calls are made. In the order of the metric's values. */
  public enum State {
    /** They are. */
    CLOSED,
    /** A few try whether the other side answers again. */
    HALF_OPEN,
    /** They fail at once. */
    OPEN
  }

  /** {@code calls}: null if it only takes reports. */
  Hop(Hops hops, String name, HopMetrics metrics, Breaker breaker, @Nullable Calls calls) {
    this.hops = hops;
    this.name = name;
    this.metrics = metrics;
    this.breaker = breaker;
    this.calls = calls;
  }

  /** As in logs and metrics. */
  public String name() {
    return name;
  }

  /** As it was left by the last call or report: an open breaker becomes half open when it is asked. */
  public State state() {
    return breaker.state();
  }

  /** Whether a call would be refused now. Cheap; changes nothing. */
  public boolean isOpen() {
    return breaker.isOpen();
  }

  /** Tells each change of state from now on, on the thread that caused it, which the listener must not block. */
  public void onState(Consumer<State> listener) {
    breaker.onState(listener);
  }

  // ------------------------------------------------------------------ calls

  /**
   * Makes a call, unless the breaker is open or too many are under way.
   *
   * @param call begins it and returns at once; not run when the call is refused
   * @return fails with a {@link HopException}, or with what the call itself failed with
   */
  public <T> CompletionStage<T> call(Supplier<? extends CompletionStage<T>> call) {
    return calls().once(call);
  }

  /**
   * As {@link #call}, for a call that may be made more than once without harm: when it fails it is made again, after a
   * pause of random length, as often and in as many cases as the settings allow. A refusal with OPEN or FULL ends it.
   */
  public <T> CompletionStage<T> repeatable(Supplier<? extends CompletionStage<T>> call) {
    return calls().repeatedly(call);
  }

  private Calls calls() {
    if (calls == null) {
      throw new IllegalStateException("the hop " + name + " only takes reports");
    }
    return calls;
  }

  // ------------------------------------------------------------------ reports

  /**
   * Whether something may be begun whose outcome comes as a report, or never: everything while the breaker is closed,
   * nothing while it is open, and some at a time while it is half open.
   */
  public boolean allowed() {
    boolean allowed = breaker.allows();
    if (!allowed) {
      metrics.count(Outcome.REFUSED_OPEN);
    }
    return allowed;
  }

  /** Reports that the other side has answered. Counts only while the breaker is closed or half open. */
  public void succeeded() {
    metrics.count(Outcome.OK);
    if (breaker.acquire()) {
      breaker.succeeded();
    }
  }

  /** Reports that the other side has not answered, as {@link #succeeded} otherwise. */
  public void failed(Throwable failure) {
    metrics.count(Outcome.FAILED);
    if (breaker.acquire()) {
      breaker.failed(failure);
    }
  }

  /** Reports that a limit outside of this class has refused something: counted, but no outcome. */
  public void full() {
    metrics.count(Outcome.REFUSED_FULL);
  }

  /** Takes it out of the metrics. */
  @Override
  public void close() {
    hops.remove(this);
  }
}
