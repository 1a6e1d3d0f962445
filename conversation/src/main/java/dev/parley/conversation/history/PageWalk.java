package dev.parley.conversation.history;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads one page of a conversation after the other, as of one page index. What came later is for a walk with a newer
 * index.
 *
 * <p>For one caller at a time: {@link #next} is called again only after its last answer is complete. Completes on the
 * log's threads. After a failure the walk is over.
 */
public interface PageWalk {
  /** The next page; null: there are no more. */
  CompletableFuture<@Nullable Page> next();
}
