package dev.parley.router.shard;

import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The final refusals of a shard's last seconds. A client whose connection breaks sends a command again through another
 * router while the first copy is still on its way. When the second one is refused, and what it was refused for is mended,
 * the first one must not be stored after all: refused means absent.
 *
 * <p>Bounded in number and time; the oldest goes first. Belongs to the shard's thread.
 */
final class RecentRefusals {
  /** Some 300 bytes each. */
  static final int MOST = 1_000;

  private final InstantSource clock;
  private final Duration keep;
  private final LinkedHashMap<Key, Kept> kept = new LinkedHashMap<>();

  private record Key(String conversationId, long fingerprint, long bodyHash) {
    static Key of(Request request) {
      return new Key(request.conversationId(), request.fingerprint(), request.bodyHash());
    }
  }

  private record Kept(Refusal refusal, Instant until) {}

  /** {@code keep}: longer than any copy of a command can be on its way. */
  RecentRefusals(InstantSource clock, Duration keep) {
    this.clock = clock;
    this.keep = keep;
  }

  /**
   * The command is refused from now on, if for good: when waiting helps, it may come again and is decided anew. True if it
   * was not before, so that {@link #forget} takes it back.
   */
  boolean refused(Request request, Refusal refusal) {
    expire();
    if (refusal.retryAfter() != null
        || kept.putIfAbsent(Key.of(request), new Kept(refusal, clock.instant().plus(keep))) != null) {
      return false;
    }
    if (kept.size() > MOST) {
      kept.pollFirstEntry();
    }
    return true;
  }

  /** Why the same command was refused lately; null: it was not. */
  @Nullable Refusal of(Request request) {
    expire();
    Kept there = kept.get(Key.of(request));
    return there == null ? null : there.refusal;
  }

  /** What the refusal rests on did not come about, and nobody was told. */
  void forget(Request request) {
    kept.remove(Key.of(request));
  }

  /** Drops what no copy can be on its way of any more. */
  void expire() {
    Instant now = clock.instant();
    while (!kept.isEmpty() && !kept.firstEntry().getValue().until.isAfter(now)) {
      kept.pollFirstEntry();
    }
  }

  /** The shard is another router's. */
  void clear() {
    kept.clear();
  }
}
