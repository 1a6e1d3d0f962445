package dev.parley.chassis.resilience;

import java.util.concurrent.atomic.AtomicLong;

/** How many repetitions are allowed: a share of the calls, and a few in reserve for quiet times. Thread-safe. */
final class RetryBudget {
  private static final long ONE = 100;
  private static final long MOST = 10 * ONE;

  private final int percent;
  /** In hundredths of a repetition. */
  private final AtomicLong saved;

  RetryBudget(int percent) {
    this.percent = percent;
    this.saved = new AtomicLong(percent == 0 ? 0 : MOST);
  }

  /** A call has been made that is no repetition. */
  void called() {
    saved.updateAndGet(now -> Math.min(MOST, now + percent));
  }

  /** Takes a repetition; false: there is none left. */
  boolean take() {
    return saved.getAndUpdate(now -> now < ONE ? now : now - ONE) >= ONE;
  }
}
