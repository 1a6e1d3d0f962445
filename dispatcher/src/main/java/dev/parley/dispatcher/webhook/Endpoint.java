package dev.parley.dispatcher.webhook;

import dev.parley.conversation.Timestamps;
import dev.parley.dispatcher.webhook.Pending.Delivery;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.v1.WebhookFailure;
import dev.parley.v1.WebhookState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint as this dispatcher knows it: its readers, one for each shard, and whether it takes what it is sent.
 *
 * <pre>
 *   TAKING --an attempt failed--> FAILING, one attempt at a time --one succeeded--> TAKING
 *                                    |
 *                                    +--for a day, or 410--> given up, until it is enabled again
 * </pre>
 *
 * <p>With each success one request more may be under way, up to the limit, and after a failure it begins anew: an endpoint
 * that never answers holds a few places for as long as a request may take, and not all that there are.
 *
 * <p>Belongs to the loop.
 */
final class Endpoint implements WebhookReader.Listener {
  /** How many requests may be under way before any has succeeded. */
  private static final int FIRST_REQUESTS = 2;

  private final WebhookSettings settings;
  private final RetrySchedule schedule;
  private final Owner owner;
  private final Map<Integer, WebhookReader> readers = new HashMap<>();
  private final ArrayDeque<WebhookReader> turns = new ArrayDeque<>();

  private StoredWebhook stored = StoredWebhook.getDefaultInstance();
  private int underWay;
  private int mayBeUnderWay = FIRST_REQUESTS;
  /** When it failed first since it succeeded last; null: it does not fail. */
  private @Nullable Instant since;

  private String reason = "";
  private int attempts;
  private int failedInARow;
  private Instant notBefore = Instant.EPOCH;
  private @Nullable WebhookFailure givenUp;

  /** Whom an endpoint tells, and who makes its readers. */
  interface Owner {
    /** It may have something to deliver. */
    void ready(Endpoint endpoint);

    /** A reader for a shard. */
    WebhookReader reader(Endpoint endpoint, StoredWebhook webhook, int shard);
  }

  Endpoint(WebhookSettings settings, RetrySchedule schedule, Owner owner) {
    this.settings = settings;
    this.schedule = schedule;
    this.owner = owner;
  }

  // ------------------------------------------------------------------ what it is

  StoredWebhook stored() {
    return stored;
  }

  String id() {
    return stored.getWebhook().getWebhookId();
  }

  boolean isEnabled() {
    return isEnabled(stored);
  }

  private static boolean isEnabled(StoredWebhook webhook) {
    return !webhook.getDeleted() && webhook.getWebhook().getState() == WebhookState.WEBHOOK_STATE_ENABLED;
  }

  /** It was changed, or is there for the first time; {@code shards}: those that this dispatcher owns. */
  void changed(StoredWebhook now, Collection<Integer> shards) {
    boolean anew =
        now.getEpoch() != stored.getEpoch()
            || !now.getWebhook().getUrl().equals(stored.getWebhook().getUrl())
            || !now.getWebhook().getConversationIdsList().equals(stored.getWebhook().getConversationIdsList());
    boolean wasEnabled = isEnabled();
    stored = now;
    if (!isEnabled() || anew || !wasEnabled) {
      stop(isEnabled() && wasEnabled);
      since = null;
      attempts = 0;
      failedInARow = 0;
      notBefore = Instant.EPOCH;
      givenUp = null;
    }
    shards.forEach(this::own);
    owner.ready(this);
  }

  /** This dispatcher owns the shard. */
  void own(int shard) {
    if (isEnabled() && !readers.containsKey(shard)) {
      WebhookReader reader = owner.reader(this, stored, shard);
      readers.put(shard, reader);
      turns.addLast(reader);
    }
  }

  /** It does not any more. */
  CompletableFuture<Void> disown(int shard) {
    WebhookReader reader = readers.remove(shard);
    turns.remove(reader);
    return reader == null ? CompletableFuture.completedFuture(null) : reader.stop(true);
  }

  /** Ends all readers. */
  CompletableFuture<Void> stop(boolean goesOn) {
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    readers.values().forEach(reader -> ends.add(reader.stop(goesOn)));
    readers.clear();
    turns.clear();
    return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new));
  }

  void wake(int shard, long position, Instant now) {
    WebhookReader reader = readers.get(shard);
    if (reader != null) {
      reader.wake(position, now);
    }
  }

  void tick(Instant now) {
    List.copyOf(readers.values()).forEach(reader -> reader.tick(now));
    owner.ready(this);
  }

  /** Who reads this shard for it; null: nobody does. */
  @Nullable WebhookReader reader(int shard) {
    return readers.get(shard);
  }

  // ------------------------------------------------------------------ what it is sent

  /** The next event for it; null: none may be sent now. */
  @Nullable Delivery next(Instant now) {
    if (givenUp != null || underWay >= Math.min(mayBeUnderWay, settings.requestsPerEndpoint())) {
      return null;
    }
    boolean probe = since != null;
    if (probe && (underWay > 0 || now.isBefore(notBefore))) {
      return null;
    }
    for (int i = turns.size(); i > 0; i--) {
      WebhookReader reader = turns.removeFirst();
      turns.addLast(reader);
      Delivery delivery = probe ? reader.probe() : reader.next();
      if (delivery != null) {
        underWay++;
        return delivery;
      }
    }
    return null;
  }

  /** What was under way was not sent after all. */
  void unsent() {
    underWay--;
    owner.ready(this);
  }

  /**
   * An attempt came to this.
   *
   * @return null, or why it is to be given up
   */
  @Nullable WebhookFailure attempted(Delivery delivery, Verdict verdict, Instant now) {
    underWay--;
    if (verdict.isTaken()) {
      succeeded(delivery, now);
    } else {
      failed(delivery, verdict, now);
    }
    owner.ready(this);
    return givenUp;
  }

  private void succeeded(Delivery delivery, Instant now) {
    delivery.reader().succeeded(delivery, now);
    mayBeUnderWay = Math.min(mayBeUnderWay + 1, settings.requestsPerEndpoint());
    if (since != null) {
      since = null;
      attempts = 0;
      failedInARow = 0;
      tellReaders();
      readers.values().forEach(reader -> reader.release(now));
      readers.values().forEach(reader -> reader.tick(now));
    }
  }

  private void failed(Delivery delivery, Verdict verdict, Instant now) {
    boolean first = since == null;
    IntFunction<Duration> pause = failures -> pause(verdict, failures);
    delivery.reader().failed(delivery, now, first ? pause : null);
    reason = verdict.reason();
    attempts++;
    mayBeUnderWay = FIRST_REQUESTS;
    if (first) {
      since = now;
      readers.values().forEach(WebhookReader::unload);
    }
    if (first || delivery.probe()) {
      failedInARow++;
      notBefore = now.plus(pause.apply(failedInARow));
    }
    Instant oldest = oldestFailure();
    if (verdict.kind() == Verdict.Kind.GONE || !now.isBefore(oldest.plus(settings.giveUpAfter()))) {
      givenUp = failureSince(oldest).toBuilder().clearNextAttemptTime().build();
    }
    tellReaders();
  }

  private Duration pause(Verdict verdict, int failures) {
    Duration asked = verdict.retryAfter();
    return asked == null ? schedule.pause(failures) : asked;
  }

  private Instant oldestFailure() {
    Instant oldest = since == null ? Instant.MAX : since;
    for (WebhookReader reader : readers.values()) {
      Instant failing = reader.oldestFailure();
      if (failing != null && failing.isBefore(oldest)) {
        oldest = failing;
      }
    }
    return oldest;
  }

  private void tellReaders() {
    readers.values().forEach(WebhookReader::failureChanged);
  }

  // ------------------------------------------------------------------ for the readers

  @Override
  public void ready() {
    owner.ready(this);
  }

  @Override
  public boolean isFailing() {
    return since != null;
  }

  @Override
  public @Nullable WebhookFailure failure(@Nullable Instant oldest) {
    Instant failing = since;
    if (failing == null) {
      return oldest == null ? null : failureSince(oldest);
    }
    return failureSince(oldest == null || failing.isBefore(oldest) ? failing : oldest);
  }

  private WebhookFailure failureSince(Instant first) {
    return WebhookFailure.newBuilder()
        .setSince(Timestamps.of(first))
        .setReason(reason)
        .setAttempts(attempts)
        .setNextAttemptTime(Timestamps.of(notBefore))
        .build();
  }
}
