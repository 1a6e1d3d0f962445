package dev.parley.router.shadow;

import dev.parley.router.loop.Loop;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Shadow verification: of some sessions, chosen by chance, all that was sent is read again from the log, by the way that
 * history takes and not by that of the feed, and compared.
 *
 * <p>Thread-safe.
 */
public final class Shadow {
  private final ShadowSettings settings;
  private final Reads reads;
  private final RandomGenerator random;
  private final IntConsumer compared;
  private final Consumer<Difference> found;

  /** Reads what a user may read of a conversation. Thread-safe. */
  public interface Reads {
    /** A page of the log, as {@code ChatService.ListEvents} answers it. */
    CompletableFuture<ListEventsResponse> events(String userId, ListEventsRequest request);
  }

  /**
   * Of so many sessions.
   *
   * @param random thread-safe
   * @param compared is told how many events were compared
   * @param found is told what differs; both on the loops of sessions
   */
  public Shadow(
      ShadowSettings settings, Reads reads, RandomGenerator random, IntConsumer compared, Consumer<Difference> found) {
    this.settings = settings;
    this.reads = reads;
    this.random = random;
    this.compared = compared;
    this.found = found;
  }

  /** As the other one, counted and logged. */
  public static Shadow of(ShadowSettings settings, Reads reads, RandomGenerator random, ShadowMetrics metrics) {
    return new Shadow(settings, reads, random, metrics::compared, metrics);
  }

  /** A session of this user begins on this loop; null: it was not chosen. */
  public @Nullable ShadowedSession begin(String userId, Loop loop) {
    return random.nextInt(100) < settings.sessionsPercent()
        ? new ShadowedSession(userId, settings.every(), reads, loop, compared, found)
        : null;
  }
}
