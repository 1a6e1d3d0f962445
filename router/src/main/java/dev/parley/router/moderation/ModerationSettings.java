package dev.parley.router.moderation;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.resilience.BreakerSettings;
import dev.parley.chassis.resilience.HopSettings;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Who is asked before something is sent. */
public record ModerationSettings(
    @Setting(doc = "Where it is asked, by a POST of JSON; unset: nobody is asked.")
    @Nullable URI url,
    @Setting(doc = "The secret that signs the requests, as Standard Webhooks has it: whsec_ and Base64.", secret = true)
    @Nullable String secret,
    @Setting(value = "300ms", doc = "How long an answer may take. Each send waits for it.")
    Duration deadline,
    @Setting(value = "closed", doc = "Without an answer: closed refuses what is sent, open lets it through.")
    OnFailure onFailure,
    @Setting(value = "1024", doc = "Questions under way at most; above it there is no answer.")
    int concurrentQuestions,
    @Setting(doc = "When it is not asked, since it does not answer.")
    BreakerSettings breaker) {
  static final String SECRET_PREFIX = "whsec_";

  /** What happens without an answer. */
  public enum OnFailure {
    /** It is allowed. */
    OPEN,
    /** It is refused. */
    CLOSED
  }

  /** Checks that there is a secret with an address, and that every limit is one. */
  public ModerationSettings {
    if (url != null && (url.getHost() == null || !("https".equals(url.getScheme()) || "http".equals(url.getScheme())))) {
      throw new IllegalArgumentException("url must be an address as https://moderation.example/ask");
    }
    if (url != null && key(secret).length == 0) {
      throw new IllegalArgumentException("secret must be " + SECRET_PREFIX + " and Base64 if there is a url");
    }
    if (deadline.toMillis() < 1) {
      throw new IllegalArgumentException("deadline must be at least 1ms");
    }
    if (concurrentQuestions < 1) {
      throw new IllegalArgumentException("concurrent-questions must be at least 1");
    }
  }

  /** The bytes that sign; none: there is no secret, or what there is is none. */
  static byte[] key(@Nullable String secret) {
    if (secret == null || !secret.startsWith(SECRET_PREFIX)) {
      return new byte[0];
    }
    try {
      return Base64.getDecoder().decode(secret.substring(SECRET_PREFIX.length()));
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  /** How the hop {@code router-moderation} behaves: it repeats nothing, for there is no time. */
  public HopSettings hop() {
    return new HopSettings(breaker, deadline, concurrentQuestions, 0, Duration.ofMillis(1), 0);
  }

  /** Without its secret. */
  @Override
  public String toString() {
    return "ModerationSettings[" + url + ", " + deadline + ", " + onFailure + "]";
  }
}
