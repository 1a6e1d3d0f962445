package dev.parley.dispatcher.push.web;

import dev.parley.dispatcher.push.ProviderException;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.dispatcher.push.http.Reply;
import dev.parley.dispatcher.push.http.RetryAfter;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a push service's status means (RFC 8030). */
final class WebPushAnswers {
  private static final Duration PAUSE = Duration.ofMinutes(1);

  private WebPushAnswers() {}

  /**
   * The meaning of an answer.
   *
   * @throws ProviderException if it says nothing of the push
   */
  static Answer of(Reply reply, Instant now) {
    if (reply.isOk()) {
      return new Answer.Accepted();
    }
    String reason = "HTTP " + reply.status();
    @Nullable Duration after = RetryAfter.read(reply.retryAfter(), now);
    return switch (reply.status()) {
      case 404, 410 -> new Answer.DeviceGone(reason);
      case 429 -> new Answer.TryAgain(after == null ? PAUSE : after, reason);
      default -> {
        if (reply.status() == 503 && after != null) {
          yield new Answer.TryAgain(after, reason);
        } else if (reply.status() >= 500) {
          throw new ProviderException("a push service answered " + reply.status());
        }
        yield new Answer.Rejected(reason);
      }
    };
  }
}
