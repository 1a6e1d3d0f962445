package dev.parley.chassis.resilience;

import dev.parley.chassis.resilience.HopException.Kind;
import dev.parley.chassis.resilience.HopMetrics.Outcome;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.github.resilience4j.timelimiter.TimeLimiterConfig;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The calls of a hop: each behind the breaker, with its limits and, where it may be, repeated. Thread-safe. */
final class Calls {
  /** No repetition. */
  private static final long NEVER = -1;

  private final String hop;
  private final HopSettings settings;
  private final ScheduledExecutorService timer;
  private final Breaker breaker;
  private final HopMetrics metrics;
  private final RandomGenerator random;
  private final Bulkhead places;
  private final TimeLimiter limiter;
  private final Retry retry;
  private final RetryBudget budget;

  Calls(
      String hop,
      HopSettings settings,
      ScheduledExecutorService timer,
      Breaker breaker,
      HopMetrics metrics,
      RandomGenerator random) {
    this.hop = hop;
    this.settings = settings;
    this.timer = timer;
    this.breaker = breaker;
    this.metrics = metrics;
    this.random = random;
    this.places =
        Bulkhead.of(
            hop,
            BulkheadConfig.custom().maxConcurrentCalls(settings.concurrentCalls()).maxWaitDuration(Duration.ZERO).build());
    this.limiter =
        TimeLimiter.of(
            hop, TimeLimiterConfig.custom().timeoutDuration(settings.timeLimit()).cancelRunningFuture(false).build());
    this.budget = new RetryBudget(settings.retryPercent());
    this.retry =
        Retry.of(
            hop,
            RetryConfig.custom()
                .maxAttempts(settings.retries() + 1)
                .retryOnException(Calls::mayPass)
                .intervalBiFunction((attempt, outcome) -> pause(attempt))
                .build());
  }

  /** A call that was not made would not be made a moment later either. */
  private static boolean mayPass(Throwable failure) {
    return !(failure instanceof HopException refused) || refused.kind() == Kind.TIME_LIMIT;
  }

  /** How long the repetition after this attempt waits, in ms. */
  private long pause(int attempt) {
    if (!budget.take()) {
      return NEVER;
    }
    metrics.count(Outcome.RETRIED);
    return random.nextLong((settings.retryWithin().toMillis() << (attempt - 1)) + 1);
  }

  <T> CompletionStage<T> repeatedly(Supplier<? extends CompletionStage<T>> call) {
    budget.called();
    return Retry.<T>decorateCompletionStage(retry, timer, () -> once(call)).get();
  }

  <T> CompletionStage<T> once(Supplier<? extends CompletionStage<T>> call) {
    if (!breaker.acquire()) {
      metrics.count(Outcome.REFUSED_OPEN);
      return CompletableFuture.failedStage(
          new HopException(Kind.OPEN, hop + " was not called: too many calls failed"));
    }
    if (!places.tryAcquirePermission()) {
      breaker.release();
      metrics.count(Outcome.REFUSED_FULL);
      return CompletableFuture.failedStage(
          new HopException(Kind.FULL, hop + " was not called: " + settings.concurrentCalls() + " calls are under way"));
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    limited(call)
        .whenComplete(
            (value, failure) -> {
              places.onComplete();
              if (failure == null) {
                metrics.count(Outcome.OK);
                breaker.succeeded();
                result.complete(value);
              } else {
                result.completeExceptionally(failed(failure));
              }
            });
    return result;
  }

  private <T> CompletionStage<T> limited(Supplier<? extends CompletionStage<T>> call) {
    try {
      return limiter.executeCompletionStage(timer, call);
    } catch (RuntimeException e) {
      return CompletableFuture.failedStage(e); // it did not even begin
    }
  }

  private Throwable failed(Throwable failure) {
    Throwable cause = causeOf(failure);
    if (cause instanceof TimeoutException) {
      metrics.count(Outcome.TIME_LIMIT);
      cause = new HopException(Kind.TIME_LIMIT, hop + " gave no answer within " + settings.timeLimit().toMillis() + " ms");
    } else {
      metrics.count(Outcome.FAILED);
    }
    breaker.failed(cause);
    return cause;
  }

  private static Throwable causeOf(Throwable failure) {
    @Nullable Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }
}
