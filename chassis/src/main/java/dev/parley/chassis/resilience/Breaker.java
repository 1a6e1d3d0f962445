package dev.parley.chassis.resilience;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The breaker of a hop: whether a call may be made. It opens when too many of the newest calls have failed; when it was
 * open for long enough, the next one who asks finds it half open.
 *
 * <p>Thread-safe.
 */
final class Breaker {
  private static final Logger LOG = LoggerFactory.getLogger(Hop.class);

  private final String hop;
  private final BreakerSettings settings;
  private final Clock clock;
  private final RandomGenerator random;
  private final CircuitBreaker breaker;
  private final List<Consumer<Hop.State>> listeners = new CopyOnWriteArrayList<>();
  private volatile @Nullable Throwable lastFailure;
  /** When an open breaker may be tried, in ms of the clock. */
  private volatile long openUntil;
  private int probesLeft;
  private long probesUntil;

  Breaker(String hop, BreakerSettings settings, Clock clock, RandomGenerator random) {
    this.hop = hop;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    this.breaker =
        CircuitBreaker.of(
            hop,
            CircuitBreakerConfig.custom()
                .clock(clock)
                .failureRateThreshold(settings.failurePercent())
                .slidingWindow(settings.window(), settings.minimumCalls(), SlidingWindowType.COUNT_BASED)
                .permittedNumberOfCallsInHalfOpenState(settings.probes())
                .waitIntervalFunctionInOpenState(attempt -> openFor())
                .build());
    breaker
        .getEventPublisher()
        .onStateTransition(
            event ->
                changed(
                    state(event.getStateTransition().getFromState()), state(event.getStateTransition().getToState())));
  }

  private long openFor() {
    long half = settings.openFor().toMillis() / 2;
    long wait = half + random.nextLong(2 * half + 1);
    openUntil = clock.millis() + wait;
    return wait;
  }

  private static Hop.State state(CircuitBreaker.State state) {
    return switch (state) {
      case OPEN, FORCED_OPEN -> Hop.State.OPEN;
      case HALF_OPEN -> Hop.State.HALF_OPEN;
      case CLOSED, DISABLED, METRICS_ONLY -> Hop.State.CLOSED;
    };
  }

  private void changed(Hop.State from, Hop.State to) {
    switch (to) {
      case OPEN -> {
        // Once for each outage; what follows until it answers again is no news.
        Level level = from == Hop.State.CLOSED ? Level.WARN : Level.INFO;
        LOG.atLevel(level).log("hop {}: {} -> {}: too many calls failed, the last one with {}", hop, from, to, why());
      }
      case HALF_OPEN -> {
        synchronized (this) {
          probesUntil = 0;
        }
        LOG.info("hop {}: {} -> {}: {} calls may try", hop, from, to, settings.probes());
      }
      case CLOSED -> LOG.info("hop {}: {} -> {}: it answers again", hop, from, to);
    }
    listeners.forEach(listener -> listener.accept(to));
  }

  private String why() {
    Throwable failure = lastFailure;
    return failure == null ? "nothing that is known" : failure.toString();
  }

  Hop.State state() {
    return state(breaker.getState());
  }

  boolean isOpen() {
    return breaker.getState() == CircuitBreaker.State.OPEN && clock.millis() < openUntil;
  }

  void onState(Consumer<Hop.State> listener) {
    listeners.add(listener);
  }

  /** Takes leave for a call, whose outcome must be told, or else {@link #release} called. False: it must not be made. */
  boolean acquire() {
    return breaker.tryAcquirePermission();
  }

  /** The call was not made. */
  void release() {
    breaker.releasePermission();
  }

  /** The call that {@link #acquire} allowed went well. */
  void succeeded() {
    breaker.onSuccess(0, TimeUnit.MILLISECONDS);
  }

  /** The call that {@link #acquire} allowed failed. */
  void failed(Throwable failure) {
    lastFailure = failure;
    breaker.onError(0, TimeUnit.MILLISECONDS, failure);
  }

  /**
   * Whether something may be begun whose outcome, if it has one, is reported later: everything while it is closed, and
   * while it is half open so many as may try, again and again as long as no outcome decides.
   */
  boolean allows() {
    if (breaker.getState() == CircuitBreaker.State.CLOSED) {
      return true;
    }
    if (breaker.getState() == CircuitBreaker.State.OPEN) {
      if (!acquire()) {
        return false;
      }
      release();
    }
    return probe();
  }

  private synchronized boolean probe() {
    long now = clock.millis();
    if (now >= probesUntil) {
      probesUntil = now + settings.openFor().toMillis();
      probesLeft = settings.probes();
    }
    return probesLeft-- > 0;
  }
}
