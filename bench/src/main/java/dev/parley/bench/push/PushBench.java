package dev.parley.bench.push;

import dev.parley.bench.OpenLoop;
import dev.parley.bench.ProcessMeter;
import dev.parley.bench.push.PushCount.Sum;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import dev.parley.v1.ListDeadLettersRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.HdrHistogram.Histogram;

/**
 * Groups whose members are not connected get messages at a constant rate, and each member a push for each. How many come
 * to the phones of the push lab, how late, and what they cost. Use each instance once, from one thread; {@link #run} blocks.
 */
public final class PushBench {
  /** After the load, beside the grace, for what is still on its way. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private static final long STEP_MILLIS = 250;
  private static final long CALL_SECONDS = 60;

  private final PushBenchOptions options;
  private final ParleyEndpoint endpoint;
  private final Function<String, TokenSource> tokens;
  private final TokenSource operator;
  private final Lab lab;
  private final Map<String, Long> pids;
  private final PrintStream progress;
  private final LongAdder refused = new LongAdder();
  private final LongAdder open = new LongAdder();

  /**
   * A bench of the deployment at this endpoint, which stays the caller's to close.
   *
   * @param tokens makes tokens for a user id
   * @param operator may list dead letters
   * @param pids processes to measure, by the names that the result shows; on this machine only
   * @param progress gets a line a second
   */
  public PushBench(
      PushBenchOptions options,
      ParleyEndpoint endpoint,
      Function<String, TokenSource> tokens,
      TokenSource operator,
      Lab lab,
      Map<String, Long> pids,
      PrintStream progress) {
    this.options = options;
    this.endpoint = endpoint;
    this.tokens = tokens;
    this.operator = operator;
    this.lab = lab;
    this.pids = pids;
    this.progress = progress;
  }

  /** What the dispatcher has done within the window in which the messages that are measured are told. */
  private record Window(double seconds, long pushes, Map<String, Double> cpu, Map<String, Double> rss) {}

  /**
   * Does the run.
   *
   * @throws IllegalStateException if the groups cannot be made, or nobody is told of anything
   */
  public PushResult run() throws IOException, InterruptedException {
    try (PushCrowd crowd = new PushCrowd(options, endpoint, tokens, lab, progress)) {
      crowd.gather();
      first(crowd);
      PushCount count = new PushCount(crowd);
      try (Arrivals arrivals = new Arrivals(lab, progress)) {
        Window window = load(crowd, arrivals);
        Sum counts = settled(count);
        return new PushResult(
            window.pushes() / window.seconds(),
            refused.sum() + open.sum(),
            counts,
            deadLetters(),
            arrivals.isComplete(),
            arrivals.total(),
            above(arrivals.total(), options.grace()),
            arrivals.drift(),
            window.cpu(),
            window.rss());
      }
    }
  }

  /** Tells everybody of one message: then each phone has its user's badge, which a lab forgets when it ends. */
  private void first(PushCrowd crowd) throws IOException, InterruptedException {
    long before = lab.received();
    long wanted = (long) options.groups() * options.members();
    for (Group group : crowd.groups()) {
      send(group, ScheduledText.epochMicros(Instant.now()));
    }
    long end = System.nanoTime() + options.grace().plus(PATIENCE).multipliedBy(2).toNanos();
    while (lab.received() - before < wanted) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(
            "of a first message to each group only " + (lab.received() - before) + " of " + wanted + " phones were told");
      }
      TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
    }
  }

  private void send(Group group, long dueMicros) {
    open.increment();
    var unused =
        group
            .send(ScheduledText.of(dueMicros, options.size()))
            .whenComplete(
                (stored, failure) -> {
                  open.decrement();
                  if (failure != null) {
                    refused.increment();
                  }
                });
  }

  /** The load goes on for the grace: so the last messages that are measured are told under load as the first ones. */
  private Window load(PushCrowd crowd, Arrivals arrivals) throws InterruptedException {
    progress.println("push: " + options.rate() + " pushes a second");
    long start = System.nanoTime();
    long startMicros = ScheduledText.epochMicros(Instant.now());
    long fromMicros = startMicros + options.warmup().toNanos() / 1_000;
    arrivals.measure(fromMicros, fromMicros + options.duration().toNanos() / 1_000);
    CompletableFuture<Window> window = new CompletableFuture<>();
    Thread watching = Thread.ofVirtual().start(() -> complete(window, () -> window(start)));
    List<Group> groups = crowd.groups();
    OpenLoop.run(
        start,
        options.messagesPerSecond(),
        options.warmup().plus(options.duration()).plus(options.grace()),
        () -> false,
        (due, number) -> send(groups.get(number % groups.size()), startMicros + (due - start) / 1_000));
    try {
      return window.get(CALL_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the load could not be measured: " + e, e);
    } finally {
      watching.interrupt();
    }
  }

  private static <T> void complete(CompletableFuture<T> future, Callable<T> action) {
    try {
      future.complete(action.call());
    } catch (Exception e) {
      future.completeExceptionally(e);
    }
  }

  /** Measures once the warm-up and the grace are over, and tells each second how it goes. */
  private Window window(long start) throws IOException, InterruptedException {
    long from = start + options.warmup().plus(options.grace()).toNanos();
    long end = from + options.duration().toNanos();
    long atStart = lab.received();
    watch(start, from, atStart);
    ProcessMeter meter = new ProcessMeter(pids);
    meter.start();
    long began = System.nanoTime();
    long before = lab.received();
    progress.println("push: measuring");
    watch(start, end, atStart);
    long pushes = lab.received() - before;
    double seconds = (System.nanoTime() - began) / 1e9;
    return new Window(seconds, pushes, meter.cpuMicrosPer(pushes), meter.rssMegabytes());
  }

  private void watch(long start, long until, long receivedAtStart) throws IOException, InterruptedException {
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      TimeUnit.NANOSECONDS.sleep(Math.min(left, TimeUnit.SECONDS.toNanos(1)));
      progress.printf(
          Locale.ROOT,
          "%4d s  pushes %d, messages without an answer %d, refused %d%n",
          TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start),
          lab.received() - receivedAtStart,
          open.sum(),
          refused.sum());
    }
  }

  /** When everything has come, or enough time has passed. */
  private Sum settled(PushCount count) throws IOException, InterruptedException {
    long end = System.nanoTime() + options.grace().plus(PATIENCE).toNanos();
    Sum now = count.now();
    while ((open.sum() > 0 || now.lost() > 0 || now.received() + now.collapsed() < now.expected())
        && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
      now = count.now();
    }
    return now;
  }

  private int deadLetters() {
    try (ParleyClient client = new ParleyClient(endpoint, operator)) {
      return client
          .push()
          .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
          .listDeadLetters(ListDeadLettersRequest.getDefaultInstance())
          .getDeadLettersCount();
    }
  }

  private static Histogram above(Histogram total, Duration grace) {
    Histogram above = new Histogram(3);
    long graceMicros = grace.toNanos() / 1_000;
    total
        .recordedValues()
        .forEach(
            value ->
                above.recordValueWithCount(
                    Math.max(0, value.getValueIteratedTo() - graceMicros), value.getCountAtValueIteratedTo()));
    return above;
  }
}
