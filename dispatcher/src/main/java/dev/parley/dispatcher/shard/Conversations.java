package dev.parley.dispatcher.shard;

import dev.parley.conversation.ConversationState;
import dev.parley.conversation.history.StateLoader;
import dev.parley.internal.v1.LogRecord;
import java.util.LinkedHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Conversations of one shard as they are on the log: loaded when they are asked for, kept up with the records that come,
 * 2,000 at most. Belongs to the dispatcher's thread.
 */
final class Conversations {
  private static final int KEPT = 2_000;

  private final StateLoader loader;
  private final Executor loop;
  private final LinkedHashMap<String, ConversationState> known = new LinkedHashMap<>(16, 0.75f, true);

  Conversations(StateLoader loader, Executor loop) {
    this.loader = loader;
    this.loop = loop;
  }

  /** A record has come. */
  void fold(LogRecord record, long position, int bytes) {
    ConversationState state = known.get(record.getConversationId());
    if (state == null || position <= state.headPosition()) {
      return;
    }
    if (record.getPreviousPosition() == state.headPosition()) {
      known.put(record.getConversationId(), state.fold(record, position, bytes));
    } else {
      known.remove(record.getConversationId());
    }
  }

  /** A conversation, at least as new as the records that were folded before. Completed on the loop. */
  CompletableFuture<ConversationState> of(String conversationId) {
    @Nullable ConversationState state = known.get(conversationId);
    if (state != null) {
      return CompletableFuture.completedFuture(state);
    }
    return loader
        .load(conversationId)
        .thenApplyAsync(
            loaded -> {
              ConversationState there = known.get(conversationId);
              ConversationState newest =
                  there != null && there.headPosition() >= loaded.headPosition() ? there : loaded;
              known.put(conversationId, newest);
              if (known.size() > KEPT) {
                known.pollFirstEntry();
              }
              return newest;
            },
            loop);
  }
}
