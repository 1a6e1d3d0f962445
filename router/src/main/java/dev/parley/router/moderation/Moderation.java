package dev.parley.router.moderation;

import dev.parley.v1.Command;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Says whether a user may do something, before it is decided. Thread-safe; never blocks. */
public interface Moderation {
  /** Nobody is asked: everything may be done. */
  Moderation NONE = (userId, conversationId, command) -> CompletableFuture.completedStage(new Verdict.Allowed());

  /**
   * Asks.
   *
   * @param conversationId empty: the command creates a direct conversation
   * @return never fails
   */
  CompletionStage<Verdict> ask(String userId, String conversationId, Command command);

  /** The answer. */
  sealed interface Verdict {
    /** It may be done. */
    record Allowed() implements Verdict {}

    /**
     * It may not.
     *
     * @param rule which it breaks, for the user's client; empty: not told
     */
    record Refused(String rule) implements Verdict {}

    /** Nobody said so in time, and nothing is done without. */
    record Unavailable() implements Verdict {}
  }
}
