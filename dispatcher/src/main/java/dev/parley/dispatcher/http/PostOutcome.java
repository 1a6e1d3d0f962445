package dev.parley.dispatcher.http;

import org.jspecify.annotations.Nullable;

/** What became of a request. */
public sealed interface PostOutcome {
  /**
   * The other side has answered.
   *
   * @param status of HTTP; a redirect too, which is not followed
   * @param retryAfter the header {@code Retry-After} as it came; null: there was none
   * @param beginning of the body: at most {@link GuardedClient#BODY_BYTES}
   */
  record Answered(int status, @Nullable String retryAfter, byte[] beginning) implements PostOutcome {}

  /**
   * It has not, or it was not asked.
   *
   * @param failure of which kind
   * @param reason in words, for those who run the other side
   */
  record Unanswered(Failure failure, String reason) implements PostOutcome {}

  /** Why there is no answer. */
  enum Failure {
    /** Not https, no host, or credentials in the address: nothing was asked. */
    BAD_TARGET,
    /** The host has an address that is not public: nothing was asked. */
    ADDRESS_REFUSED,
    /** The name has no address. */
    NOT_RESOLVED,
    /** No connection could be made. */
    NO_CONNECTION,
    /** The other side's certificate is not trusted or not for this name, or no TLS could be agreed on. */
    TLS,
    /** It took too long, be it that too many requests to the same place were under way. */
    TIME_LIMIT,
    /** The headers are larger than they may be. */
    TOO_LARGE,
    /** The connection ended before the answer did, or what came is no HTTP. */
    BROKEN
  }
}
