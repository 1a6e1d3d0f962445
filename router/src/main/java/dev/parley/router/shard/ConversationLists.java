package dev.parley.router.shard;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.ConversationList;
import dev.parley.v1.Term;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Which conversations of one shard a user is a member of: one value per user and shard, written by the shard's owner
 * only. Thread-safe as far as its table is.
 */
public final class ConversationLists {
  private final int shard;
  private final Table table;

  /** The lists of this shard. */
  public ConversationLists(int shard, Table table) {
    this.shard = shard;
    this.table = table;
  }

  /** The conversations of a user. */
  public CompletableFuture<Set<String>> of(String userId) {
    return table.get(key(userId)).thenApply(entry -> new LinkedHashSet<>(parse(entry).getConversationIdsList()));
  }

  /**
   * Puts what the record at {@code position} did to a user's membership into the list. A list that holds this position
   * or a later one already stays as it is.
   */
  CompletableFuture<Void> apply(String userId, String conversationId, boolean member, long position, Term term) {
    return table
        .get(key(userId))
        .thenCompose(
            entry -> {
              ConversationList list = parse(entry);
              if (list.getPosition() >= position) {
                return CompletableFuture.completedFuture(null);
              }
              Set<String> ids = new LinkedHashSet<>(list.getConversationIdsList());
              if (member) {
                ids.add(conversationId);
              } else {
                ids.remove(conversationId);
              }
              ConversationList changed =
                  ConversationList.newBuilder().setPosition(position).setTerm(term).addAllConversationIds(ids).build();
              return table
                  .put(key(userId), changed.toByteArray(), entry == null ? 0 : entry.revision())
                  .thenApply(revision -> null);
            });
  }

  private String key(String userId) {
    return shard + "/" + userId;
  }

  private static ConversationList parse(Table.@Nullable Entry entry) {
    if (entry == null) {
      return ConversationList.getDefaultInstance();
    }
    try {
      return ConversationList.parseFrom(entry.value());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a conversation list is not readable", e);
    }
  }
}
