package dev.parley.conversation;

import dev.parley.v1.ErrorReason;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Why something is refused.
 *
 * @param reason the contract's reason
 * @param message what happened and what to do next, for a developer's eyes
 * @param metadata what the reason's comment in the contract promises, for programs
 * @param retryAfter when to try again; null: waiting does not help
 */
public record Refusal(
    ErrorReason reason, String message, Map<String, String> metadata, @Nullable Duration retryAfter) {
  public Refusal {
    metadata = Map.copyOf(metadata);
  }

  /** A refusal that waiting does not mend. */
  public static Refusal of(ErrorReason reason, String message) {
    return new Refusal(reason, message, Map.of(), null);
  }

  /** A field that breaks its rule. */
  public static Refusal invalidField(String field, String rule) {
    return of(ErrorReason.ERROR_REASON_INVALID_FIELD, field + " " + rule).with("field", field);
  }

  /** Something larger than it may be. */
  public static Refusal tooLarge(String what, long limit, long size) {
    return of(ErrorReason.ERROR_REASON_TOO_LARGE, what + " is " + size + ", the limit is " + limit)
        .with("limit", Long.toString(limit))
        .with("size", Long.toString(size));
  }

  /** A count at its limit. */
  public static Refusal limitExceeded(String what, long limit) {
    return of(ErrorReason.ERROR_REASON_LIMIT_EXCEEDED, "a conversation has at most " + limit + " " + what)
        .with("limit", Long.toString(limit));
  }

  /** The same with one more pair of metadata. */
  public Refusal with(String key, String value) {
    var more = new HashMap<>(metadata);
    more.put(key, value);
    return new Refusal(reason, message, more, retryAfter);
  }
}
