package dev.parley.bench;

import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One run: gathers the crowd, loads, drains, verifies, tells. Use each instance once, from one thread; {@link #run}
 * blocks for the whole run.
 */
public final class Bench {
  private static final int FILL_WINDOW = 512;
  private static final long MAX_CATCH_UP_MICROS = 600_000_000;

  private final BenchOptions options;
  private final Meter meter;
  private final Crowd crowd;
  private final ProcessMeter processes;
  private final Payload payload;
  private final PrintStream progress;
  private @Nullable Histogram catchUp;
  private Duration measured = Duration.ZERO;

  /**
   * @param endpoint where; stays open
   * @param tokens makes tokens for a user id
   * @param pids processes to measure, by the names that the result shows; on this machine only
   * @param progress gets a line a second
   */
  public Bench(
      BenchOptions options,
      ParleyEndpoint endpoint,
      Function<String, TokenSource> tokens,
      Map<String, Long> pids,
      PrintStream progress) {
    this.options = options;
    this.meter = new Meter(options.rate());
    this.crowd = new Crowd(options, endpoint, tokens, meter);
    this.processes = new ProcessMeter(pids);
    this.payload = new Payload(options.size());
    this.progress = progress;
  }

  /**
   * Does the run, during which these faults happen in turn. The load goes on until all have happened.
   *
   * @param pause before each fault and after the last one
   * @throws IllegalStateException if the crowd cannot be set up, or a fault cannot be done
   */
  public BenchResult run(List<Fault> faults, Duration pause) throws InterruptedException {
    FaultSequence sequence = new FaultSequence(faults, meter, progress);
    ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name("bench-progress").factory());
    try (crowd) {
      crowd.gather();
      progress.println(crowd.clients().size() + " clients in " + crowd.talks().size() + " conversations");
      if (options.mode() == BenchOptions.Mode.RESUME) {
        leave();
      }
      load(ticker, sequence, pause);
      Map<String, Double> cpu = processes.cpuMicrosPer(meter.acked.sum());
      Map<String, Double> memory = processes.rssMegabytes();
      if (!Poll.until(() -> crowd.talks().stream().allMatch(Talk::isDrained) && meter.isAnswered(), options.drain())) {
        progress.println("Not everything was delivered within " + options.drain());
      }
      return result(sequence, cpu, memory);
    } finally {
      ticker.shutdownNow();
    }
  }

  private void load(ScheduledExecutorService ticker, FaultSequence sequence, Duration pause)
      throws InterruptedException {
    long start = System.nanoTime();
    long from = start + options.warmup().toNanos();
    meter.countFrom(from);
    ticker.schedule(processes::start, options.warmup().toNanos(), TimeUnit.NANOSECONDS);
    ticker.scheduleAtFixedRate(() -> report(start), 1, 1, TimeUnit.SECONDS);
    CompletableFuture<Void> faults = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> happen(sequence, from, pause, faults));
    CompletableFuture<Histogram> comeBack = new CompletableFuture<>();
    if (options.mode() == BenchOptions.Mode.RESUME) {
      Thread.ofVirtual().start(() -> comeBack(from, comeBack));
    }
    List<Talk> talks = crowd.talks();
    Duration length = options.warmup().plus(options.duration());
    OpenLoop.run(start, options.rate(), length, () -> !faults.isDone(), (due, number) -> {
      Talk talk = talks.get(number % talks.size());
      talk.sender(number / talks.size()).send(talk, due, payload.text(due, number), () -> {});
    });
    measured = Duration.ofNanos(System.nanoTime() - from);
    Crowd.get(faults, "let the faults happen");
    if (options.mode() == BenchOptions.Mode.RESUME) {
      catchUp = Crowd.get(comeBack, "bring everybody back");
    }
  }

  private static void happen(FaultSequence sequence, long from, Duration pause, CompletableFuture<Void> done) {
    try {
      sequence.run(from, pause);
      done.complete(null);
    } catch (InterruptedException | RuntimeException failed) {
      done.completeExceptionally(failed);
    }
  }

  /** Those who shall come back go away and miss their messages. */
  private void leave() throws InterruptedException {
    crowd.away().forEach(BenchClient::disconnect);
    Semaphore window = new Semaphore(FILL_WINDOW);
    for (int i = 0; i < options.missed(); i++) {
      for (Talk talk : crowd.talks()) {
        window.acquire();
        long now = System.nanoTime();
        talk.sender(0).send(talk, now, payload.text(now, i), window::release);
      }
    }
    window.acquire(FILL_WINDOW);
    progress.println(crowd.away().size() + " clients have missed " + options.missed() + " messages each");
  }

  private void comeBack(long atNanos, CompletableFuture<Histogram> done) {
    try {
      TimeUnit.NANOSECONDS.sleep(Math.max(0, atNanos - System.nanoTime()));
      long began = System.nanoTime();
      List<CompletableFuture<Long>> all = new ArrayList<>();
      crowd.away().forEach(client -> all.add(client.connect()));
      Histogram micros = new Histogram(MAX_CATCH_UP_MICROS, 3);
      for (CompletableFuture<Long> one : all) {
        micros.recordValue(Math.min(MAX_CATCH_UP_MICROS, (Crowd.get(one, "catch up") - began) / 1_000));
      }
      progress.printf(Locale.ROOT, "%d clients have caught up, the last after %.1f ms%n", all.size(),
          micros.getMaxValue() / 1_000.0);
      done.complete(micros);
    } catch (InterruptedException | RuntimeException failed) {
      done.completeExceptionally(failed);
    }
  }

  private void report(long startNanos) {
    Histogram second = meter.interval();
    progress.printf(Locale.ROOT, "%4d s  sent %d  acked %d  refused %d  delivered %d  p50 %.2f ms  p99 %.2f ms%s%n",
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos), meter.sent.sum(), meter.acked.sum(),
        meter.waits().refused(), meter.delivered.sum(), second.getValueAtPercentile(50) / 1_000.0,
        second.getValueAtPercentile(99) / 1_000.0, meter.errors());
  }

  private BenchResult result(FaultSequence sequence, Map<String, Double> cpu, Map<String, Double> memory) {
    crowd.clients().forEach(BenchClient::ended);
    Verdict verdict = Verification.of(crowd, options.check());
    verdict.findings().forEach(finding -> progress.println(finding.kind() + ": " + finding.text()));
    double seconds = measured.toMillis() / 1_000.0;
    return new BenchResult(meter.acked.sum() / seconds, meter.sent.sum(), meter.acked.sum(), meter.delivered.sum(),
        meter.resent.sum(), verdict, meter.waits(), sequence.results(), meter.deliveries(), meter.acks(), catchUp, cpu,
        memory);
  }
}
