package dev.parley.router.shard;

import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.history.TrimmedException;
import dev.parley.conversation.log.LogException;
import dev.parley.router.feed.Reply;
import dev.parley.v1.ErrorReason;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a failure inside means to the one who asked. */
final class Refusals {
  private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
  private static final Duration RETRY_SOON = Duration.ofMillis(500);
  /** By then the owner knows where the log begins. */
  private static final Duration RETRY_TRIMMED = Duration.ofSeconds(1);

  private static final Duration RETRY_LATER = Duration.ofSeconds(30);

  /** What a new command is told while the broker does not answer appends. */
  static final Answer.Refused BROKER_SILENT =
      Backlog.refused(
          ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE, "the broker has not answered for a while; nothing was sent to it");

  private Refusals() {}

  /**
   * What a newer router is told that asks what this one does not know. Its client waits and sends again, until the owner is of
   * the newer release too. {@code again}: another owner was asked before.
   */
  static Reply.Refused unknown(boolean again) {
    return new Reply.Refused(
        again
            ? new Refusal(
                ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN, "not done again here; it may have been done", Map.of(), RETRY_LATER)
            : new Refusal(ErrorReason.ERROR_REASON_OVERLOADED, "this cannot be done yet", Map.of(), RETRY_LATER));
  }

  /** The refusal for a failure; what nobody foresaw is logged with an incident id. */
  static Answer.Refused of(Throwable failure) {
    return new Answer.Refused(refusal(failure));
  }

  /** The refusal for a failure; what nobody foresaw is logged with an incident id. */
  static Refusal refusal(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    if (cause instanceof RefusedException refused) {
      return refused.refusal();
    }
    if (cause instanceof NotOwnerException) {
      return notOwner();
    }
    if (cause instanceof LostConversationException lost) {
      return new Refusal(
          ErrorReason.ERROR_REASON_INTERNAL,
          "this conversation cannot be loaded; it is in the server's log as incident " + lost.incident(),
          Map.of("incident", lost.incident()),
          null);
    }
    if (cause instanceof TrimmedException) {
      return new Refusal(
          ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE,
          "the log was trimmed while it was read; ask again",
          Map.of(),
          RETRY_TRIMMED);
    }
    if (cause instanceof LogException log) {
      return switch (log.kind()) {
        case FULL ->
            new Refusal(
                ErrorReason.ERROR_REASON_LOG_FULL,
                "the log has no room; the operator must raise its limit or trim it",
                Map.of(),
                RETRY_LATER);
        case NOT_SENT, UNKNOWN, CONFLICT ->
            new Refusal(
                ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE,
                "the broker does not answer; this attempt stored nothing",
                Map.of(),
                RETRY_SOON);
        case REFUSED -> incident(cause);
      };
    }
    return incident(cause);
  }

  /** What a bounced command is told where nobody can pass it on. */
  static Answer.Refused of(Answer.Bounced bounced) {
    return bounced.mayBeStored()
        ? Backlog.refused(
            ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
            "another router took the conversation over; send the same id again to learn the outcome")
        : new Answer.Refused(notOwner());
  }

  private static Refusal notOwner() {
    return new Refusal(
        ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE,
        "another router owns this conversation now; this attempt stored nothing",
        Map.of(),
        RETRY_SOON);
  }

  private static Refusal incident(Throwable cause) {
    String incident = UUID.randomUUID().toString();
    LOG.error("incident {}", incident, cause);
    return new Refusal(
        ErrorReason.ERROR_REASON_INTERNAL,
        "a fault of the server; it is in its log as incident " + incident,
        Map.of("incident", incident),
        null);
  }
}
