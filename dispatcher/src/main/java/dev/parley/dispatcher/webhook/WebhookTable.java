package dev.parley.dispatcher.webhook;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookFailure;
import dev.parley.v1.WebhookState;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The endpoints, as all dispatchers know them. What is read comes from memory, which follows the broker; what is changed
 * is changed at the broker.
 *
 * <p>Thread-safe. Futures fail with a {@link RefusedException} or a {@link LogException}.
 */
final class WebhookTable {
  /** The most endpoints that a setting may allow: what one list of the contract holds. */
  static final int MOST = 100;

  private static final Logger LOG = LoggerFactory.getLogger(WebhookTable.class);
  private static final int TRIES = 5;

  private final Table table;
  private final int most;
  private final InstantSource clock;
  private final Map<String, Known> known = new ConcurrentHashMap<>();

  private record Known(StoredWebhook stored, long revision) {}

  /** Endpoints in this table, of which there are {@code most} at most; two made at once may exceed it by one. */
  WebhookTable(Table table, int most, InstantSource clock) {
    this.table = table;
    this.most = most;
    this.clock = clock;
  }

  /** Follows the table. Each endpoint there is, and each change, is told, on a thread of the broker. */
  CompletableFuture<Void> watch(Consumer<StoredWebhook> listener) {
    return table.watch((id, entry) -> {
      StoredWebhook stored;
      try {
        stored = StoredWebhook.parseFrom(entry.value());
      } catch (InvalidProtocolBufferException e) {
        LOG.error("webhook {} is not readable and is left alone", id, e);
        return;
      }
      Known now = new Known(stored, entry.revision());
      if (known.merge(id, now, (before, after) -> after.revision() >= before.revision() ? after : before) == now) {
        listener.accept(stored);
      }
    });
  }

  /** All that are not deleted, oldest first. From memory. */
  List<StoredWebhook> list() {
    return known.values().stream()
        .map(Known::stored)
        .filter(stored -> !stored.getDeleted())
        .sorted(Comparator.comparing((StoredWebhook stored) -> Timestamps.toInstant(stored.getWebhook().getCreateTime())))
        .toList();
  }

  /** As it is at the broker; refused with NOT_FOUND: there is none, or it was deleted. */
  CompletableFuture<StoredWebhook> get(String id) {
    return table.get(id).thenApply(entry -> existing(id, entry));
  }

  /** Creates one; the same again answers with the one that there is. */
  CompletableFuture<StoredWebhook> create(String id, String url, List<String> conversationIds) {
    return repeated(() -> tryCreate(id, url, conversationIds));
  }

  private CompletableFuture<StoredWebhook> tryCreate(String id, String url, List<String> conversationIds) {
    return table.get(id).thenCompose(entry -> {
      if (entry != null) {
        return CompletableFuture.completedFuture(same(parse(id, entry), url, conversationIds));
      }
      if (list().size() >= most) {
        throw new RefusedException(
            Refusal.of(ErrorReason.ERROR_REASON_LIMIT_EXCEEDED, "there are " + most + " webhooks: delete one first")
                .with("limit", Integer.toString(most)));
      }
      Instant now = clock.instant();
      StoredWebhook created =
          StoredWebhook.newBuilder()
              .setWebhook(
                  Webhook.newBuilder()
                      .setWebhookId(id)
                      .setUrl(url)
                      .addAllConversationIds(conversationIds)
                      .setState(WebhookState.WEBHOOK_STATE_ENABLED)
                      .setCreateTime(Timestamps.of(now)))
              .addSecrets(Signatures.newSecret())
              .setEpoch(1)
              .setBeginAfter(Timestamps.of(now))
              .build();
      return table.put(id, created.toByteArray(), 0).thenApply(revision -> created);
    });
  }

  private static StoredWebhook same(StoredWebhook stored, String url, List<String> conversationIds) {
    Webhook webhook = stored.getWebhook();
    if (stored.getDeleted()) {
      throw new RefusedException(Refusal.invalidField("webhook_id", "was used by a webhook that is deleted: make a new one"));
    }
    if (!webhook.getUrl().equals(url) || !webhook.getConversationIdsList().equals(conversationIds)) {
      throw new RefusedException(
          Refusal.invalidField("webhook_id", "belongs to a webhook with another url or other conversations"));
    }
    return stored;
  }

  /**
   * Changes url and state.
   *
   * @param url empty: as it is
   * @param state UNSPECIFIED: as it is
   */
  CompletableFuture<StoredWebhook> update(String id, String url, WebhookState state) {
    return change(id, stored -> {
      Webhook.Builder webhook = stored.getWebhook().toBuilder();
      if (!url.isEmpty()) {
        webhook.setUrl(url);
      }
      if (state != WebhookState.WEBHOOK_STATE_UNSPECIFIED) {
        webhook.setState(state).clearFailure();
      }
      return stored.toBuilder().setWebhook(webhook).build();
    });
  }

  /** Gives it a new secret, the first of two at most; or, with {@code dropPrevious}, only ends the one before. */
  CompletableFuture<StoredWebhook> rotate(String id, boolean dropPrevious) {
    String secret = Signatures.newSecret();
    return change(id, stored -> {
      StoredWebhook.Builder rotated = stored.toBuilder().clearSecrets();
      return dropPrevious
          ? rotated.addSecrets(stored.getSecrets(0)).build()
          : rotated.addSecrets(secret).addSecrets(stored.getSecrets(0)).build();
    });
  }

  /** Begins anew behind this time, in all shards. */
  CompletableFuture<StoredWebhook> replay(String id, Instant after) {
    return change(
        id, stored -> stored.toBuilder().setEpoch(stored.getEpoch() + 1).setBeginAfter(Timestamps.of(after)).build());
  }

  /** Ends it. What is kept says that it was there, and nothing of where it was. */
  CompletableFuture<@Nullable Void> delete(String id) {
    CompletableFuture<StoredWebhook> deleted =
        change(id, stored ->
            StoredWebhook.newBuilder()
                .setWebhook(Webhook.newBuilder().setWebhookId(id).setCreateTime(stored.getWebhook().getCreateTime()))
                .setEpoch(stored.getEpoch())
                .setDeleted(true)
                .build());
    return deleted.handle((stored, failure) -> {
      if (failure != null && !isNotFound(failure)) {
        throw new CompletionException(cause(failure));
      }
      return null;
    });
  }

  private static boolean isNotFound(Throwable failure) {
    return cause(failure) instanceof RefusedException refused
        && refused.refusal().reason() == ErrorReason.ERROR_REASON_NOT_FOUND;
  }

  /** Notes that it is given up, unless it begins somewhere else meanwhile, or was disabled. */
  CompletableFuture<StoredWebhook> fail(String id, long epoch, WebhookFailure failure) {
    return change(id, stored -> {
      Webhook webhook = stored.getWebhook();
      if (stored.getEpoch() != epoch || webhook.getState() != WebhookState.WEBHOOK_STATE_ENABLED) {
        return stored;
      }
      return stored.toBuilder()
          .setWebhook(webhook.toBuilder().setState(WebhookState.WEBHOOK_STATE_FAILED).setFailure(failure))
          .build();
    });
  }

  private CompletableFuture<StoredWebhook> change(String id, UnaryOperator<StoredWebhook> change) {
    return repeated(() -> table.get(id).thenCompose(entry -> {
      StoredWebhook stored = existing(id, entry);
      StoredWebhook changed = change.apply(stored);
      if (entry == null || changed.equals(stored)) {
        return CompletableFuture.completedFuture(stored);
      }
      return table.put(id, changed.toByteArray(), entry.revision()).thenApply(revision -> changed);
    }));
  }

  /** One at a time at the broker: who comes second looks again. */
  private static CompletableFuture<StoredWebhook> repeated(
      Supplier<CompletableFuture<StoredWebhook>> attempt) {
    CompletableFuture<StoredWebhook> tried = attempt.get();
    for (int i = 1; i < TRIES; i++) {
      tried = tried.exceptionallyCompose(failure -> {
        boolean conflict = cause(failure) instanceof LogException e && e.kind() == LogException.Kind.CONFLICT;
        return conflict ? attempt.get() : CompletableFuture.failedFuture(cause(failure));
      });
    }
    return tried;
  }

  private static Throwable cause(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }

  private static StoredWebhook existing(String id, Table.@Nullable Entry entry) {
    StoredWebhook stored = entry == null ? null : parse(id, entry);
    if (stored == null || stored.getDeleted()) {
      throw new RefusedException(Refusal.of(ErrorReason.ERROR_REASON_NOT_FOUND, "there is no webhook " + id));
    }
    return stored;
  }

  private static StoredWebhook parse(String id, Table.Entry entry) {
    try {
      return StoredWebhook.parseFrom(entry.value());
    } catch (InvalidProtocolBufferException e) {
      throw new LogException(LogException.Kind.REFUSED, "webhook " + id + " is not readable");
    }
  }
}
