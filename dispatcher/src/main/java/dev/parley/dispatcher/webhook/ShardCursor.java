package dev.parley.dispatcher.webhook;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.WebhookCursor;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The stored cursor of one endpoint in one shard. Its revision fences: of two dispatchers that both hold it, one can
 * store and the other learns that it cannot.
 *
 * <p>Belongs to the loop; one call at a time.
 */
final class ShardCursor {
  private final Table table;
  private final String key;
  private final Executor loop;
  private long revision;
  /** What may have been stored without our knowing; null: nothing. */
  private byte @Nullable [] unsure;

  ShardCursor(Table table, String webhookId, int shard, Executor loop) {
    this.table = table;
    this.key = key(webhookId, shard);
    this.loop = loop;
  }

  static String key(String webhookId, int shard) {
    return webhookId + "." + shard;
  }

  /** What is stored, from the leader; all defaults: nothing. From now on that is what may be replaced. */
  CompletableFuture<WebhookCursor> load() {
    unsure = null;
    return table.get(key).thenApplyAsync(entry -> {
      revision = entry == null ? 0 : entry.revision();
      return parse(entry);
    }, loop);
  }

  static WebhookCursor parse(Table.@Nullable Entry entry) {
    try {
      return entry == null ? WebhookCursor.getDefaultInstance() : WebhookCursor.parseFrom(entry.value());
    } catch (InvalidProtocolBufferException e) {
      throw new LogException(Kind.REFUSED, "a webhook's cursor is not readable");
    }
  }

  /**
   * Stores it if nobody else has.
   *
   * @return false: somebody else has; fails with a {@link LogException} when it may be tried again
   */
  CompletableFuture<Boolean> store(WebhookCursor cursor) {
    return put(cursor.toByteArray());
  }

  private CompletableFuture<Boolean> put(byte[] value) {
    return table
        .put(key, value, revision)
        .handleAsync((stored, failure) -> {
          if (failure == null) {
            revision = stored;
            unsure = null;
            return CompletableFuture.completedFuture(true);
          }
          return refused(value, failure);
        }, loop)
        .thenCompose(outcome -> outcome);
  }

  private CompletableFuture<Boolean> refused(byte[] value, Throwable failure) {
    Kind kind = kind(failure);
    if (kind == Kind.UNKNOWN) {
      unsure = value;
    }
    if (kind != Kind.CONFLICT) {
      return CompletableFuture.failedFuture(failure);
    }
    byte[] perhapsOurs = unsure;
    return perhapsOurs == null ? CompletableFuture.completedFuture(false) : settle(perhapsOurs, value);
  }

  /** The conflict may be with a put of our own whose answer was lost. */
  private CompletableFuture<Boolean> settle(byte[] perhapsOurs, byte[] value) {
    return table
        .get(key)
        .thenComposeAsync(entry -> {
          unsure = null;
          if (entry == null || !Arrays.equals(entry.value(), perhapsOurs)) {
            return CompletableFuture.completedFuture(false);
          }
          revision = entry.revision();
          return put(value);
        }, loop);
  }

  private static Kind kind(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    return cause instanceof LogException e ? e.kind() : Kind.REFUSED;
  }
}
