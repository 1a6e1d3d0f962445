package dev.parley.bench.presence;

import dev.parley.bench.Fault;
import dev.parley.bench.Numbers;
import dev.parley.bench.presence.PresenceBench.Result;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionListener;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.TokenSource;
import dev.parley.v1.Presence;
import dev.parley.v1.PresenceState;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.HdrHistogram.Histogram;

/**
 * Two clients through the edge, one of whom watches the other: how late a change is seen, and how long after a part of
 * presence is back everything is right. Used by one thread.
 */
public final class WatchedPair implements AutoCloseable {
  /** What is promised to a watcher. */
  private static final Duration SEEN_WITHIN = Duration.ofSeconds(1);

  /** What is promised after a part is back. */
  private static final Duration RIGHT_WITHIN = Duration.ofSeconds(10);

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int PAUSE_MILLIS = 1_000;

  private final ParleyClient watcherClient;
  private final ParleyClient watchedClient;
  private final ParleySession watched;
  private final LinkedBlockingQueue<PresenceState> seen = new LinkedBlockingQueue<>();
  private final PrintStream progress;
  private final Random random = new Random(1);
  private boolean away;

  /** Connects both, and waits until the one sees the other. */
  public WatchedPair(ParleyEndpoint endpoint, Function<String, TokenSource> tokens, PrintStream progress)
      throws InterruptedException {
    this.progress = progress;
    String run = UUID.randomUUID().toString();
    this.watcherClient = new ParleyClient(endpoint, tokens.apply("watcher-" + run));
    this.watchedClient = new ParleyClient(endpoint, tokens.apply("watched-" + run));
    this.watched = watchedClient.connect(SessionOptions.forDevice("bench"), new SessionListener() {});
    ParleySession watcher =
        watcherClient.connect(
            SessionOptions.forDevice("bench"),
            new SessionListener() {
              @Override
              public void onPresence(Presence presence) {
                seen.add(presence.getState());
              }
            });
    try {
      watcher.createDirect("watched-" + run).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      close();
      throw new IllegalStateException("the two cannot talk to each other", e);
    }
    watcher.watchUser("watched-" + run);
    awaitSeen(PresenceState.PRESENCE_STATE_ONLINE);
  }

  private boolean awaitSeen(PresenceState state) throws InterruptedException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    PresenceState next;
    do {
      next = seen.poll(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
    } while (next != null && next != state);
    return next != null;
  }

  /** So many changes, each after the one before was seen; complete: each was seen within a second. */
  public Result changes(int count) throws InterruptedException {
    progress.println("presence: a client watches another one");
    Histogram delays = new Histogram(3);
    for (int i = 0; i < count; i++) {
      TimeUnit.MILLISECONDS.sleep(random.nextInt(PAUSE_MILLIS));
      delays.recordValue(change());
    }
    return new Result(
        "seen",
        "\"changes\": " + count + ", \"delay_ms\": " + Numbers.percentiles(delays),
        delays.getMaxValue() <= SEEN_WITHIN.toNanos() / 1_000);
  }

  /** Changes the state; after how many microseconds it was seen. */
  private long change() throws InterruptedException {
    seen.clear();
    away = !away;
    long began = System.nanoTime();
    watched.activity(away, "");
    if (!awaitSeen(away ? PresenceState.PRESENCE_STATE_AWAY : PresenceState.PRESENCE_STATE_ONLINE)) {
      throw new IllegalStateException("a change of presence was not seen within " + PATIENCE);
    }
    return (System.nanoTime() - began) / 1_000;
  }

  /** A fault; complete: a change that is made when it is over is seen within ten seconds. */
  public Result after(Fault fault) throws IOException, InterruptedException {
    progress.println("presence: " + fault.name());
    fault.action().run();
    long micros = change();
    return new Result(
        "after " + fault.name(), "\"right_after_ms\": " + Numbers.millis(micros), micros <= RIGHT_WITHIN.toNanos() / 1_000);
  }

  @Override
  public void close() {
    watcherClient.close();
    watchedClient.close();
  }
}
