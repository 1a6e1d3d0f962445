package dev.parley.router.shard;

import java.time.Duration;
import java.time.Instant;

/** A token bucket that starts full. Not thread-safe. */
public final class RateMeter {
  private final double perSecond;
  private final double capacity;
  private double tokens;
  private Instant filled = Instant.EPOCH;

  /** A bucket that lets {@code perSecond} through on average and {@code burst} at once. */
  public RateMeter(double perSecond, double burst) {
    this.perSecond = perSecond;
    this.capacity = burst;
    this.tokens = burst;
  }

  /** Takes one token; false: there is none. */
  public boolean take(Instant now) {
    refill(now);
    if (tokens < 1) {
      return false;
    }
    tokens -= 1;
    return true;
  }

  /** How long until there is a token again. */
  public Duration wait(Instant now) {
    refill(now);
    return tokens >= 1 ? Duration.ZERO : Duration.ofMillis((long) Math.ceil((1 - tokens) * 1000 / perSecond));
  }

  private void refill(Instant now) {
    if (now.isAfter(filled)) {
      double seconds = Math.min(Duration.between(filled, now).toNanos() / 1e9, capacity / perSecond + 1);
      tokens = Math.min(capacity, tokens + seconds * perSecond);
      filled = now;
    }
  }
}
