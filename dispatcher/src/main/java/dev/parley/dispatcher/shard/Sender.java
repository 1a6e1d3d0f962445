package dev.parley.dispatcher.shard;

import dev.parley.chassis.resilience.HopException;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider;
import dev.parley.dispatcher.push.PushProvider.Answer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands pushes to the providers, so many at a time to each; the others wait in order, and all of them while a provider wants
 * that. Belongs to the dispatcher's thread.
 */
public final class Sender {
  private static final Logger LOG = LoggerFactory.getLogger(Sender.class);

  private static final int MANY = 5;

  private final int concurrent;
  private final InstantSource clock;
  private final Executor loop;
  private final Map<String, Lane> lanes = new HashMap<>();

  /** So many pushes at a time to each provider. */
  public Sender(int concurrent, InstantSource clock, Executor loop) {
    this.concurrent = concurrent;
    this.clock = clock;
    this.loop = loop;
  }

  /**
   * What became of an attempt.
   *
   * @param answer null: there was none
   * @param failure why there was none
   */
  record Outcome(@Nullable Answer answer, @Nullable Throwable failure) {
    /** The provider was not asked at all. */
    boolean wasRefused() {
      return failure instanceof HopException hop && hop.kind() != HopException.Kind.TIME_LIMIT;
    }
  }

  private static final class Lane {
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int underWay;
    /** How often in a row the provider wanted to wait. */
    private int putOff;
    private Instant pausedUntil = Instant.EPOCH;
  }

  /**
   * Sends when it is its turn.
   *
   * @param push asked for at that time; null: it is not needed any more, and nothing follows
   * @param then told the outcome
   */
  void send(PushProvider provider, Supplier<@Nullable Push> push, Consumer<Outcome> then) {
    Lane lane = lanes.computeIfAbsent(provider.name(), name -> new Lane());
    lane.waiting.add(() -> sendNow(lane, provider, push, then));
    next(lane);
  }

  private void next(Lane lane) {
    while (lane.underWay < concurrent && !lane.waiting.isEmpty() && !clock.instant().isBefore(lane.pausedUntil)) {
      lane.waiting.poll().run();
    }
  }

  private void sendNow(
      Lane lane, PushProvider provider, Supplier<@Nullable Push> push, Consumer<Outcome> then) {
    Push now = push.get();
    if (now == null) {
      return;
    }
    lane.underWay++;
    begun(provider, now)
        .whenCompleteAsync(
            (answer, failure) -> {
              lane.underWay--;
              heard(lane, answer);
              try {
                then.accept(new Outcome(answer, unwrapped(failure)));
              } catch (RuntimeException e) {
                LOG.error("what became of a push by {} was not dealt with", provider.name(), e);
              }
              next(lane);
            },
            loop);
  }

  /** Time has passed. */
  void tick() {
    lanes.values().forEach(this::next);
  }

  /** A provider that wants several to wait wants all to wait. */
  private void heard(Lane lane, @Nullable Answer answer) {
    if (answer instanceof Answer.TryAgain later) {
      lane.putOff++;
      if (lane.putOff >= MANY) {
        Instant until = clock.instant().plus(later.after());
        lane.pausedUntil = until.isAfter(lane.pausedUntil) ? until : lane.pausedUntil;
      }
    } else if (answer != null) {
      lane.putOff = 0;
    }
  }

  private static CompletionStage<Answer> begun(PushProvider provider, Push push) {
    try {
      return provider.send(push);
    } catch (RuntimeException e) {
      return CompletableFuture.failedStage(e);
    }
  }

  private static @Nullable Throwable unwrapped(@Nullable Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
  }
}
