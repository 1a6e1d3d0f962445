package dev.parley.conversation.tokens;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.Revocation;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Whose tokens were revoked, and up to when they were issued. Every process that checks tokens holds all of it in memory,
 * since it asks for each call, and keeps it up to date by watching the table. An entry stays for ever, some 100 bytes for
 * each user whose tokens were ever revoked: how long tokens live is the issuer's to say. Thread-safe.
 */
public final class RevokedTokens {
  private static final int TRIES = 10;

  private final Table table;
  private final Map<String, Instant> byUser = new ConcurrentHashMap<>();
  private volatile BiConsumer<String, Instant> listener = (userId, before) -> {};

  /** Kept in this table. */
  public RevokedTokens(Table table) {
    this.table = table;
  }

  /**
   * Tells, on any thread, of each user whose tokens are revoked, and the time from which on they are good; {@link
   * #issuedBefore} says so before. The same may be told again.
   */
  public void onChange(BiConsumer<String, Instant> whoseAndWhen) {
    listener = whoseAndWhen;
  }

  /** Completed when everything that was ever revoked is known. */
  public CompletableFuture<Void> load() {
    return table.watch((userId, entry) -> learn(userId, parse(entry)));
  }

  private void learn(String userId, Instant before) {
    listener.accept(userId, byUser.merge(userId, before, RevokedTokens::later));
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  /** A user's tokens that were issued before this time are not accepted; {@link Instant#EPOCH}: none was revoked. */
  public Instant issuedBefore(String userId) {
    return byUser.getOrDefault(userId, Instant.EPOCH);
  }

  /**
   * Revokes a user's tokens that were issued before this time; in force in this process when the future completes, and in
   * the others when they hear of it. A time that goes further is kept.
   *
   * @return before which time they must not have been issued now
   */
  public CompletableFuture<Instant> revoke(String userId, Instant before) {
    return revoke(userId, before, TRIES);
  }

  private CompletableFuture<Instant> revoke(String userId, Instant before, int tries) {
    return table
        .get(userId)
        .thenCompose(entry -> put(userId, later(parse(entry), before), entry))
        .exceptionallyCompose(
            failure ->
                tries > 1 && lostRace(failure)
                    ? revoke(userId, before, tries - 1)
                    : CompletableFuture.failedFuture(failure));
  }

  private CompletableFuture<Instant> put(String userId, Instant before, Table.@Nullable Entry known) {
    CompletableFuture<?> stored =
        known != null && parse(known).equals(before)
            ? CompletableFuture.completedFuture(known)
            : table.put(
                userId,
                Revocation.newBuilder().setIssuedBefore(Timestamps.of(before)).build().toByteArray(),
                known == null ? 0 : known.revision());
    return stored.thenApply(
        done -> {
          learn(userId, before);
          return before;
        });
  }

  private static boolean lostRace(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    return cause instanceof LogException log && log.kind() == LogException.Kind.CONFLICT;
  }

  private static Instant parse(Table.@Nullable Entry entry) {
    if (entry == null) {
      return Instant.EPOCH;
    }
    try {
      return Timestamps.toInstant(Revocation.parseFrom(entry.value()).getIssuedBefore());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a revocation is not readable", e);
    }
  }
}
