package dev.parley.router.shard;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import dev.parley.router.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One router's way to a log in memory, over a bad network: answers come late or not at all, an append may land though
 * nobody hears of it or long after its time-out, a whole pipeline may be stuck for a while and land then, a reader may be
 * behind, and the connection may be gone. All from one seed.
 */
final class FaultyLog implements ShardLog {
  private static final Duration TIME_OUT = Duration.ofSeconds(2);

  private final ShardLog stored;
  private final ManualTime time;
  private final Random random;
  /** Until then nothing arrives. */
  private Instant stuckUntil = Instant.MIN;
  /** Appends arrive in the order in which they were sent, unless one is late. */
  private Instant lastArrival = Instant.MIN;

  boolean calm;
  boolean connected = true;

  FaultyLog(ShardLog stored, ManualTime time, Random random) {
    this.stored = stored;
    this.time = time;
    this.random = random;
  }

  /** What is sent from now on arrives only after this time. */
  void stick(Duration howLong) {
    stuckUntil = time.instant().plus(howLong);
  }

  private boolean happens(int perMille) {
    return !calm && random.nextInt(1_000) < perMille;
  }

  private Duration delay() {
    return Duration.ofMillis(random.nextInt(12));
  }

  private Instant arrival() {
    Instant at = time.instant().plus(delay());
    return at.isBefore(stuckUntil) ? stuckUntil : at;
  }

  /** Does it when it arrives and answers after a while; or one of both is lost, or it arrives late. */
  private <T> CompletableFuture<T> over(Supplier<CompletableFuture<T>> action, int lossPerMille, Instant arrival) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    if (!connected) {
      time.after(Duration.ofMillis(1), () -> fail(answer, Kind.NOT_SENT));
      return answer;
    }
    Duration way = Duration.between(time.instant(), arrival);
    boolean lost = happens(lossPerMille);
    boolean done = !lost || random.nextInt(3) > 0;
    boolean late = lost && random.nextBoolean();
    if (done) {
      time.after(
          late ? TIME_OUT.plusMillis(random.nextInt(3_000)) : way,
          () -> action.get().whenComplete((value, failure) -> answer(answer, lost, value, failure)));
    }
    if (lost || way.compareTo(TIME_OUT.dividedBy(2)) > 0) {
      time.after(TIME_OUT, () -> fail(answer, Kind.UNKNOWN));
    }
    return answer;
  }

  private <T> void answer(CompletableFuture<T> answer, boolean lost, T value, @Nullable Throwable failure) {
    if (lost) {
      return;
    }
    time.after(
        delay(),
        () -> {
          if (failure == null) {
            answer.complete(value);
          } else {
            answer.completeExceptionally(failure);
          }
        });
  }

  private static void fail(CompletableFuture<?> answer, Kind kind) {
    answer.completeExceptionally(new LogException(kind, "a bad network"));
  }

  @Override
  public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
    Instant arrival = arrival();
    lastArrival = arrival.isBefore(lastArrival) ? lastArrival : arrival;
    return over(() -> stored.append(key, record, expectedLast), 3, lastArrival);
  }

  @Override
  public CompletableFuture<Tail> tail() {
    return over(stored::tail, 60, arrival());
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> last(String key) {
    return over(() -> stored.last(key), 30, arrival());
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position) {
    return over(() -> stored.lastUpTo(key, position), 30, arrival());
  }

  @Override
  public CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions) {
    boolean behind = happens(100);
    return over(
        () ->
            behind
                ? CompletableFuture.completedFuture(new ArrayList<>(Collections.nCopies(positions.length, null)))
                : stored.read(positions),
        30,
        arrival());
  }

  @Override
  public CompletableFuture<Void> replace(long position, byte[] cut) {
    return over(() -> stored.replace(position, cut), 60, arrival());
  }

  @Override
  public CompletableFuture<Void> trim(long firstKept) {
    return over(() -> stored.trim(firstKept), 60, arrival());
  }
}
