package dev.parley.bench;

import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.SessionState;
import dev.parley.sdk.TokenSource;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * What a session costs that says nothing: connects a tenth of the clients, lets them settle, and measures each process;
 * then the rest, likewise. What is reported is the difference, so that what a process needs for itself falls out.
 *
 * <p>Each client follows four conversations and does what an app in the pocket does: it answers heartbeats. Use each
 * instance once, from one thread; {@link #run} blocks for the whole run.
 */
public final class IdleBench {
  /** Each of the first tenth needs four others to talk with. */
  private static final int MIN_CLIENTS = 50;
  private static final int TENTH = 10;

  private final BenchOptions options;
  private final Meter meter = new Meter(1);
  private final Crowd crowd;
  private final Map<String, Long> pids;
  private final PrintStream progress;

  /**
   * @param options of which it heeds the clients, at least 50, whether they share a channel, the warm-up, during which
   *     they settle, and the duration, during which processor time is measured
   * @param endpoint where; stays open
   * @param tokens makes tokens for a user id
   * @param pids processes to measure, by the names that the result shows; on this machine only
   * @param progress gets a line for each step
   */
  public IdleBench(
      BenchOptions options,
      ParleyEndpoint endpoint,
      Function<String, TokenSource> tokens,
      Map<String, Long> pids,
      PrintStream progress) {
    if (options.clients() < MIN_CLIENTS) {
      throw new IllegalArgumentException("Idle sessions are measured from " + MIN_CLIENTS + " clients on");
    }
    this.options = options;
    this.crowd = new Crowd(options, endpoint, tokens, meter);
    this.pids = pids;
    this.progress = progress;
  }

  /**
   * Does the run, of twice the warm-up and the duration.
   *
   * @throws IOException if a JVM does not say what lives on its heap
   * @throws IllegalStateException if the crowd cannot be set up
   */
  public IdleResult run() throws IOException, InterruptedException {
    try (crowd) {
      meter.countFrom(System.nanoTime());
      int few = options.clients() / TENTH;
      IdleReading atFew = sit(few);
      IdleReading atAll = sit(options.clients() - few);
      return new IdleResult(atFew, atAll, lost());
    }
  }

  /** So many more come; what all of them cost then. */
  private IdleReading sit(int more) throws IOException, InterruptedException {
    crowd.gatherRing(more);
    int sessions = crowd.clients().size();
    progress.printf(Locale.ROOT, "%d sessions, %d conversations; they settle for %d s%n", sessions,
        crowd.talks().size(), options.warmup().toSeconds());
    TimeUnit.NANOSECONDS.sleep(options.warmup().toNanos());
    progress.printf(Locale.ROOT, "measuring for %d s%n", options.duration().toSeconds());
    ProcessMeter processes = new ProcessMeter(pids);
    long start = System.nanoTime();
    processes.start();
    TimeUnit.NANOSECONDS.sleep(options.duration().toNanos());
    Map<String, Double> cpu = processes.cpuMicrosPer((System.nanoTime() - start) / 1e9);
    // The heap first: its collection gives memory back to the system.
    Map<String, Double> heap = processes.liveHeapMegabytes();
    return new IdleReading(sessions, cpu, processes.rssMegabytes(), heap);
  }

  /** Streams that broke, and sessions that have ended. */
  private long lost() {
    long ended = crowd.clients().stream().filter(client -> client.session().state() == SessionState.CLOSED).count();
    return meter.waits().reconnects() + ended;
  }
}
