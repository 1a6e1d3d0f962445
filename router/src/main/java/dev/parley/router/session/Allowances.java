package dev.parley.router.session;

import dev.parley.conversation.Refusal;
import dev.parley.router.shard.RateMeter;
import dev.parley.v1.ErrorReason;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What each user may still do, over all sessions and calls of this router. Thread-safe. */
public final class Allowances {
  /** Users that are remembered: one who was quiet for so long has full allowances anyway. */
  private static final int USERS = 50_000;

  private final SessionLimits limits;
  private final LinkedHashMap<String, Map<Kind, RateMeter>> meters = new LinkedHashMap<>(64, 0.75f, true);

  /** What users have an allowance of, each kind by itself. */
  public enum Kind {
    /** Commands, and changes of whom one blocks. */
    COMMAND("commands"),
    /** Unary calls that only read. */
    READ("reads"),
    /** Read marks, by frames and by calls. */
    READ_MARK("read marks"),
    /** Typing frames. */
    TYPING("typing frames");

    private final String plural;

    Kind(String plural) {
      this.plural = plural;
    }

    private int perSecond(SessionLimits limits) {
      return switch (this) {
        case COMMAND -> limits.commandsPerSecond();
        case READ -> limits.readsPerSecond();
        case READ_MARK -> limits.readMarksPerSecond();
        case TYPING -> limits.typingPerSecond();
      };
    }
  }

  /** Allowances of so many a second as the limits say, and twice as many at once. */
  public Allowances(SessionLimits limits) {
    this.limits = limits;
  }

  /** Takes one of a kind; null: granted, else the refusal, which says how long to wait. */
  public synchronized @Nullable Refusal take(Kind kind, String userId, Instant now) {
    int perSecond = kind.perSecond(limits);
    RateMeter meter =
        meters
            .computeIfAbsent(userId, user -> new EnumMap<>(Kind.class))
            .computeIfAbsent(kind, first -> new RateMeter(perSecond, 2.0 * perSecond));
    if (meters.size() > USERS) {
      meters.pollFirstEntry();
    }
    return meter.take(now)
        ? null
        : new Refusal(
            ErrorReason.ERROR_REASON_RATE_LIMITED,
            "more than " + perSecond + " " + kind.plural + " of this user a second",
            Map.of("limit", Integer.toString(perSecond)),
            meter.wait(now));
  }
}
