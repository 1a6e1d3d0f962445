package dev.parley.conversation.history;

import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What was asked for lies in the part of the log that was trimmed. Nothing is wrong, and no waiting brings it back. */
public final class TrimmedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long firstKept;

  /** An exception for a log that begins at this position, or behind it. */
  public TrimmedException(long firstKept, String message) {
    super(message);
    this.firstKept = firstKept;
  }

  /** Where the shard's log begins: no position before it is there any more. It may have been trimmed further since. */
  public long firstKept() {
    return firstKept;
  }

  /** The one that a future failed with; null: it failed otherwise. */
  public static @Nullable TrimmedException in(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    return cause instanceof TrimmedException trimmed ? trimmed : null;
  }
}
