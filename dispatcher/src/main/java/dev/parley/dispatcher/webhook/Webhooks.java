package dev.parley.dispatcher.webhook;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.dispatcher.http.Posts;
import dev.parley.internal.v1.StoredWebhook;
import io.opentelemetry.api.metrics.Meter;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Webhooks of this dispatcher: it delivers what happens in the shards that it is told to own. Which those are is decided
 * elsewhere; two dispatchers that both believe to own one disturb each other with repetitions, and lose nothing.
 *
 * <p>Thread-safe; never blocks, but for {@link #close}.
 */
public final class Webhooks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);
  private static final long CLOSING_SECONDS = 2;

  private final Broker broker;
  private final Posts posts;
  private final InstantSource clock;
  private final WebhookTable table;
  private final WebhookEngine engine;
  private final WebhookMetrics metrics;
  private final Executor loop;
  private final ScheduledFuture<?> ticks;

  /**
   * Webhooks that deliver nothing until {@link #start}.
   *
   * @param broker the log and the tables; stays the caller's to close, after this
   * @param posts sends the requests; stays the caller's to close, after this
   * @param scheduler has one thread, on which everything runs; stays the caller's to end, after this
   * @param random spreads repetitions
   * @param meter what {@code Telemetry.meter} gives
   */
  public Webhooks(
      Broker broker,
      WebhookSettings settings,
      Posts posts,
      InstantSource clock,
      ScheduledExecutorService scheduler,
      RandomGenerator random,
      Meter meter) {
    this.broker = broker;
    this.posts = posts;
    this.clock = clock;
    this.loop = task -> runOn(scheduler, task);
    this.table = new WebhookTable(broker.table(TableName.WEBHOOKS), settings.endpoints(), clock);
    this.metrics =
        new WebhookMetrics(meter, () -> table.list().stream().map(StoredWebhook::getWebhook).toList(), clock);
    this.engine =
        new WebhookEngine(broker, table, settings, posts, clock, loop, new RetrySchedule(random), metrics);
    long tick = WebhookEngine.TICK.toMillis();
    this.ticks = scheduler.scheduleWithFixedDelay(logging(engine::tick), tick, tick, TimeUnit.MILLISECONDS);
  }

  private static void runOn(ScheduledExecutorService scheduler, Runnable task) {
    try {
      scheduler.execute(logging(task));
    } catch (RejectedExecutionException e) {
      LOG.debug("ended: nothing more is done", e);
    }
  }

  /** A scheduler says nothing of what fails on it, and ends what fails once. */
  private static Runnable logging(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.error("a step of the webhooks has failed", e);
      }
    };
  }

  /** Reads which endpoints there are, and follows their changes. Fails with a LogException. */
  public CompletableFuture<Void> start() {
    return table.watch(stored -> loop.execute(() -> engine.changed(stored)));
  }

  /** This dispatcher owns the shard from now on. */
  public void own(int shard) {
    loop.execute(() -> engine.own(shard));
  }

  /** It does not any more; completed when the cursors are stored, or could not be. */
  public CompletableFuture<Void> disown(int shard) {
    return CompletableFuture.supplyAsync(() -> engine.disown(shard), loop).thenCompose(stored -> stored);
  }

  /** The shard has grown up to this position. */
  public void wake(int shard, long position) {
    loop.execute(() -> engine.wake(shard, position));
  }

  /** The calls of operators. */
  public WebhookGrpcService service() {
    return new WebhookGrpcService(table, new WebhookViews(broker, clock), posts);
  }

  /** Stores the cursors a last time, for two seconds at most. What is under way is not awaited: it comes again. */
  @Override
  public void close() {
    ticks.cancel(false);
    metrics.close();
    try {
      CompletableFuture.supplyAsync(engine::end, loop)
          .thenCompose(stored -> stored)
          .get(CLOSING_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("the cursors of webhooks were not stored a last time: something will come twice", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
