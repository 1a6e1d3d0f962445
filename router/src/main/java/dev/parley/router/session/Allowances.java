package dev.parley.router.session;

import dev.parley.router.shard.RateMeter;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/** How many commands each user may still give, over all sessions and calls of this router. Thread-safe. */
public final class Allowances {
  /** Users that are remembered: one who was quiet for so long has a full allowance anyway. */
  private static final int USERS = 100_000;

  private final int perSecond;
  private final LinkedHashMap<String, RateMeter> meters = new LinkedHashMap<>(64, 0.75f, true);

  /** An allowance of so many commands a second, and twice as many at once. */
  public Allowances(int perSecond) {
    this.perSecond = perSecond;
  }

  /** Takes one command; null: granted, else the time to wait. */
  public synchronized @Nullable Duration take(String userId, Instant now) {
    RateMeter meter = meters.computeIfAbsent(userId, user -> new RateMeter(perSecond, 2.0 * perSecond));
    if (meters.size() > USERS) {
      meters.pollFirstEntry();
    }
    return meter.take(now) ? null : meter.wait(now);
  }
}
