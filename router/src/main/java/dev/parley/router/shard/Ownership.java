package dev.parley.router.shard;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Whether what this router remembers of a shard is true: another router may have taken the shard, and this one not heard
 * of it yet. Both futures are completed on the shard's thread, and fail with a {@link NotOwnerException} when this router
 * does not own the shard.
 */
interface Ownership {
  /** Completed, at once or soon, when this router has provably owned the shard within the last moments. */
  CompletableFuture<@Nullable Void> sure();

  /** Completed when this router has provably owned the shard after this question. Costs an append. */
  CompletableFuture<@Nullable Void> proven();
}
