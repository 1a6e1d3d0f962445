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
  private static final int MOST = 10_000;

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

  /** The command was refused now, for good: when waiting helps, it may come again and is decided anew. */
  void refused(Request request, Refusal refusal) {
    Instant now = clock.instant();
    if (refusal.retryAfter() == null) {
      kept.putIfAbsent(Key.of(request), new Kept(refusal, now.plus(keep)));
    }
    while (!kept.isEmpty() && (kept.size() > MOST || !kept.firstEntry().getValue().until.isAfter(now))) {
      kept.pollFirstEntry();
    }
  }

  /** Why the same command was refused lately; null: it was not. */
  @Nullable Refusal of(Request request) {
    Kept there = kept.get(Key.of(request));
    return there == null || !there.until.isAfter(clock.instant()) ? null : there.refusal;
  }
}
