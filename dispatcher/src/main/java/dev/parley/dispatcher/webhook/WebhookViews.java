package dev.parley.dispatcher.webhook;

import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.ShardLog.Tail;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.internal.v1.WebhookCursor;
import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookFailure;
import dev.parley.v1.WebhookState;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;

/**
 * Endpoints as operators see them: what is stored of them, and what their cursors in all shards say, whichever dispatchers
 * store these. No secrets. Thread-safe.
 */
final class WebhookViews {
  private final Broker broker;
  private final Table cursors;
  private final InstantSource clock;

  WebhookViews(Broker broker, InstantSource clock) {
    this.broker = broker;
    this.cursors = broker.table(TableName.WEBHOOK_CURSORS);
    this.clock = clock;
  }

  /** These, in the same order. One after another, so that a list asks the broker for no more at once than one view. */
  CompletableFuture<List<Webhook>> of(List<StoredWebhook> webhooks) {
    Instant now = clock.instant();
    return each(broker.layout().shards(), shard -> broker.shard(shard).tail()).thenCompose(tails -> {
      CompletableFuture<List<Webhook>> all = CompletableFuture.completedFuture(new ArrayList<>());
      for (StoredWebhook webhook : webhooks) {
        all = all.thenCompose(before -> view(webhook, tails, now).thenApply(view -> {
          before.add(view);
          return before;
        }));
      }
      return all;
    });
  }

  private CompletableFuture<Webhook> view(StoredWebhook stored, List<Tail> tails, Instant now) {
    String id = stored.getWebhook().getWebhookId();
    return each(tails.size(), shard -> cursors.get(ShardCursor.key(id, shard)).thenApply(ShardCursor::parse))
        .thenApply(found -> view(stored, found, tails, now));
  }

  private static Webhook view(StoredWebhook stored, List<WebhookCursor> found, List<Tail> tails, Instant now) {
    Webhook.Builder view = stored.getWebhook().toBuilder();
    Instant delivered = now;
    for (int shard = 0; shard < found.size(); shard++) {
      Instant there = delivered(stored, found.get(shard), tails.get(shard), now);
      delivered = there.isBefore(delivered) ? there : delivered;
    }
    if (stored.getWebhook().getState() == WebhookState.WEBHOOK_STATE_ENABLED) {
      for (WebhookCursor cursor : found) {
        if (cursor.getEpoch() == stored.getEpoch() && cursor.getFailure().hasNextAttemptTime()) {
          view.setFailure(view.hasFailure() ? both(view.getFailure(), cursor.getFailure()) : cursor.getFailure());
        }
      }
    }
    return view.setDeliveredTime(Timestamps.of(delivered)).build();
  }

  /** Until when everything of one shard was delivered. */
  private static Instant delivered(StoredWebhook stored, WebhookCursor cursor, Tail tail, Instant now) {
    if (tail.position() == 0) {
      return now;
    }
    if (cursor.getEpoch() != stored.getEpoch()) {
      return Timestamps.toInstant(stored.getBeginAfter());
    }
    return cursor.getPosition() >= tail.position() ? now : Timestamps.toInstant(cursor.getTime());
  }

  /** Failures of the same endpoint in two shards: it fails since the earlier one; the rest tells the newer one. */
  private static WebhookFailure both(WebhookFailure one, WebhookFailure other) {
    boolean oneIsNewer =
        !Timestamps.toInstant(one.getNextAttemptTime()).isBefore(Timestamps.toInstant(other.getNextAttemptTime()));
    boolean oneIsEarlier = Timestamps.toInstant(one.getSince()).isBefore(Timestamps.toInstant(other.getSince()));
    return (oneIsNewer ? one : other).toBuilder().setSince((oneIsEarlier ? one : other).getSince()).build();
  }

  private static <T> CompletableFuture<List<T>> each(int count, IntFunction<CompletableFuture<T>> ask) {
    List<CompletableFuture<T>> asked = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      asked.add(ask.apply(i));
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(done -> asked.stream().map(CompletableFuture::join).toList());
  }
}
