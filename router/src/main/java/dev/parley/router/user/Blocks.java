package dev.parley.router.user;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.BlockList;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who has blocked whom. Held in memory by every router and kept up to date by watching the table, since it is asked for
 * each direct message. Thread-safe.
 */
public final class Blocks {
  private static final int TRIES = 10;

  private final Table table;
  private final int maxPerUser;
  private final Map<String, Versioned> byUser = new ConcurrentHashMap<>();
  private volatile Consumer<String> listener = userId -> {};

  private record Versioned(Set<String> blocked, long revision) {}

  /** Blocks kept in this table. */
  public Blocks(Table table, int maxPerUser) {
    this.table = table;
    this.maxPerUser = maxPerUser;
  }

  /** Tells, on any thread, of each user whose list of blocked users may have changed. */
  public void onChange(Consumer<String> whose) {
    listener = whose;
  }

  /** Completed when all blocks are known. */
  public CompletableFuture<Void> load() {
    return table.watch(this::learn);
  }

  private void learn(String userId, Table.Entry entry) {
    Set<String> blocked = parse(entry);
    byUser.merge(
        userId,
        new Versioned(blocked, entry.revision()),
        (known, told) -> known.revision > told.revision ? known : told);
    listener.accept(userId);
  }

  /** One of the two has blocked the other. */
  public boolean between(String userA, String userB) {
    return hasBlocked(userA, userB) || hasBlocked(userB, userA);
  }

  /** The first one has blocked the second one. */
  public boolean hasBlocked(String userId, String other) {
    return of(userId).contains(other);
  }

  /** Whom this user has blocked, in order. */
  public Set<String> of(String userId) {
    Versioned known = byUser.get(userId);
    return known == null ? Set.of() : known.blocked;
  }

  /** Begins or ends a block; in force on this router when the future completes. */
  public CompletableFuture<Void> set(String userId, String other, boolean blocked) {
    return set(userId, other, blocked, TRIES);
  }

  private CompletableFuture<Void> set(String userId, String other, boolean blocked, int tries) {
    return table
        .get(userId)
        .thenCompose(
            entry -> {
              Set<String> changed = new TreeSet<>(parse(entry));
              boolean news = blocked ? changed.add(other) : changed.remove(other);
              if (!news) {
                return CompletableFuture.completedFuture(null);
              }
              if (changed.size() > maxPerUser) {
                throw new RefusedException(Refusal.limitExceeded("blocked users", maxPerUser));
              }
              byte[] value = BlockList.newBuilder().addAllUserIds(changed).build().toByteArray();
              return table
                  .put(userId, value, entry == null ? 0 : entry.revision())
                  .thenAccept(revision -> learn(userId, new Table.Entry(value, revision)));
            })
        .handle((done, failure) -> failure)
        .thenCompose(
            failure -> {
              if (failure == null) {
                return CompletableFuture.<Void>completedFuture(null);
              }
              boolean lostRace =
                  failure.getCause() instanceof LogException log && log.kind() == LogException.Kind.CONFLICT;
              return lostRace && tries > 1
                  ? set(userId, other, blocked, tries - 1)
                  : CompletableFuture.<Void>failedFuture(failure);
            });
  }

  private static Set<String> parse(Table.@Nullable Entry entry) {
    if (entry == null) {
      return new TreeSet<>();
    }
    try {
      return new TreeSet<>(BlockList.parseFrom(entry.value()).getUserIdsList());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a block list is not readable", e);
    }
  }
}
