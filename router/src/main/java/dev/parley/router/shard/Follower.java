package dev.parley.router.shard;

import dev.parley.v1.Receipt;
import org.jspecify.annotations.Nullable;

/**
 * One of this router's event loops with the sessions on it. {@link #execute} may be called on any thread, everything
 * else is called on the loop's own.
 */
public interface Follower {
  /** Runs a task on the loop, in order. */
  void execute(Runnable task);

  /** A record of a followed conversation is on the log. */
  void committed(CommittedRecord record);

  /** Somebody has read; {@code onlyFor}: the one user whom it concerns. */
  void receipt(Receipt receipt, @Nullable String onlyFor);

  /** Somebody is typing. */
  void typing(String conversationId, String userId);

  /** What was fed of a shard has a hole: its conversations are to be followed anew from where each session stands. */
  void broken(int shard);
}
