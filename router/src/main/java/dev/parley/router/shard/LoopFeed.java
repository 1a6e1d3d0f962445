package dev.parley.router.shard;

import dev.parley.v1.Receipt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries what a shard says to the event loops: everything to one loop in order, and what one turn of the shard says as
 * one task. Belongs to the shard's thread.
 */
final class LoopFeed {
  private static final Logger LOG = LoggerFactory.getLogger(LoopFeed.class);

  private final Executor shardThread;
  private final List<? extends Follower> followers;
  private final List<List<Consumer<Follower>>> pending = new ArrayList<>();
  private boolean scheduled;

  LoopFeed(Executor shardThread, List<? extends Follower> followers) {
    this.shardThread = shardThread;
    this.followers = followers;
    followers.forEach(follower -> pending.add(new ArrayList<>()));
  }

  /** Says something to one loop, behind everything that was said to it before. */
  void post(int follower, Consumer<Follower> message) {
    pending.get(follower).add(message);
    if (!scheduled) {
      scheduled = true;
      shardThread.execute(this::flush);
    }
  }

  private void flush() {
    scheduled = false;
    for (int i = 0; i < pending.size(); i++) {
      List<Consumer<Follower>> messages = pending.get(i);
      if (!messages.isEmpty()) {
        pending.set(i, new ArrayList<>());
        Follower follower = followers.get(i);
        follower.execute(() -> messages.forEach(message -> tell(follower, message)));
      }
    }
  }

  /** A fault in one message must not keep the others from being heard. */
  private static void tell(Follower follower, Consumer<Follower> message) {
    try {
      message.accept(follower);
    } catch (RuntimeException e) {
      LOG.error("a fault in what a shard told an event loop", e);
    }
  }

  private void postTo(long bits, Consumer<Follower> message) {
    for (long left = bits; left != 0; left &= left - 1) {
      post(Long.numberOfTrailingZeros(left), message);
    }
  }

  /** A record of a conversation is on the log; told to the loops with these bits. */
  void committed(long bits, CommittedRecord record) {
    postTo(bits, follower -> follower.committed(record));
  }

  /** Somebody has read; {@code onlyFor}: the one user whom it concerns. */
  void receipt(long bits, Receipt receipt, @Nullable String onlyFor) {
    postTo(bits, follower -> follower.receipt(receipt, onlyFor));
  }

  /** Somebody is typing. */
  void typing(long bits, String conversationId, String userId) {
    postTo(bits, follower -> follower.typing(conversationId, userId));
  }

  /** The feed of a shard has a hole: told to all loops. */
  void broken(int shard) {
    for (int i = 0; i < followers.size(); i++) {
      post(i, follower -> follower.broken(shard));
    }
  }
}
