package dev.parley.dispatcher.shard;

import dev.parley.chassis.resilience.HopException;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider;
import dev.parley.dispatcher.push.PushProvider.Answer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Hands pushes to the providers, so many at a time to each; the others wait in order. Belongs to the dispatcher's thread.
 */
public final class Sender {
  private final int concurrent;
  private final Executor loop;
  private final Map<String, Lane> lanes = new HashMap<>();

  /** So many pushes at a time to each provider. */
  public Sender(int concurrent, Executor loop) {
    this.concurrent = concurrent;
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
  }

  /** How many pushes wait. */
  int waiting() {
    int all = 0;
    for (Lane lane : lanes.values()) {
      all += lane.waiting.size();
    }
    return all;
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
    while (lane.underWay < concurrent && !lane.waiting.isEmpty()) {
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
    provider
        .send(now)
        .whenCompleteAsync(
            (answer, failure) -> {
              lane.underWay--;
              then.accept(new Outcome(answer, unwrapped(failure)));
              next(lane);
            },
            loop);
  }

  private static @Nullable Throwable unwrapped(@Nullable Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
  }
}
