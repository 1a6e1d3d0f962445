package dev.parley.dispatcher.user;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.BlockList;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Who has blocked whom, as the routers' table says. Thread-safe. */
public final class BlockedUsers {
  private final Table table;
  private final Map<String, Set<String>> byUser = new ConcurrentHashMap<>();

  /** Blocks kept in this table. */
  public BlockedUsers(Table table) {
    this.table = table;
  }

  /** Completed when all blocks are known. */
  public CompletableFuture<Void> load() {
    return table.watch(
        (userId, entry) -> {
          try {
            byUser.put(userId, Set.copyOf(BlockList.parseFrom(entry.value()).getUserIdsList()));
          } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a block list is not readable", e);
          }
        });
  }

  /** The first one has blocked the second one. */
  public boolean hasBlocked(String userId, String other) {
    return byUser.getOrDefault(userId, Set.of()).contains(other);
  }
}
