package dev.parley.dispatcher.shard;

import dev.parley.conversation.log.Broker;
import dev.parley.dispatcher.push.PushProvider;
import dev.parley.dispatcher.user.BlockedUsers;
import dev.parley.dispatcher.user.Names;
import dev.parley.dispatcher.user.PushUsers;
import dev.parley.v1.PushTarget;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all shards of a dispatcher share.
 *
 * @param self which life of which dispatcher this is
 * @param random spreads repetitions
 * @param loop the dispatcher's one thread
 * @param providers the push service of a target; null: it is not configured
 */
record Surroundings(
    String self,
    Broker broker,
    InstantSource clock,
    RandomGenerator random,
    ScheduledExecutorService loop,
    DispatchTimes times,
    History history,
    Badges badges,
    ReadMarks marks,
    PushUsers users,
    BlockedUsers blocked,
    Names names,
    Routers routers,
    Sender sender,
    Function<PushTarget, @Nullable PushProvider> providers,
    DispatchMetrics metrics) {
  private static final Logger LOG = LoggerFactory.getLogger(Surroundings.class);

  /** Runs this on the loop when the future has ended; what it throws is logged. */
  <T> void on(CompletionStage<T> future, BiConsumer<@Nullable T, @Nullable Throwable> then) {
    future.whenCompleteAsync(
        (value, failure) -> {
          try {
            then.accept(value, unwrapped(failure));
          } catch (RuntimeException e) {
            LOG.error("{}: a step failed", self, e);
          }
        },
        loop);
  }

  private static @Nullable Throwable unwrapped(@Nullable Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
  }

  /** Runs this on the loop after so long; what it throws is logged. */
  void after(Duration time, Runnable task) {
    loop.schedule(
        () -> {
          try {
            task.run();
          } catch (RuntimeException e) {
            LOG.error("{}: a step failed", self, e);
          }
        },
        time.toMillis(),
        TimeUnit.MILLISECONDS);
  }
}
