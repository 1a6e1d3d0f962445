package dev.parley.dispatcher.push.apns;

import dev.parley.dispatcher.push.ProviderException;
import dev.parley.dispatcher.push.PushProvider.Answer;
import java.time.Duration;

/** What Apple's status and reason mean. APNs never says how long to wait. */
final class ApnsAnswers {
  /** Too much for one device: others are not concerned. */
  private static final Duration DEVICE_PAUSE = Duration.ofSeconds(10);

  private static final Duration SERVICE_PAUSE = Duration.ofSeconds(1);
  private static final Duration PROVIDER_TOKEN_PAUSE = Duration.ofMinutes(1);

  private ApnsAnswers() {}

  /**
   * The meaning of a refusal. One that blames the credentials says nothing of the push, which waits until they are
   * right.
   *
   * @param reason as {@code BadDeviceToken}; empty: none was given
   * @param proven whether the service has accepted anything since the start: a slip in the settings, as the server for
   *     development, must not end all devices
   * @throws ProviderException if it says nothing of the push
   */
  static Answer of(int status, String reason, boolean proven) {
    return switch (reason) {
      case "Unregistered", "ExpiredToken" -> new Answer.DeviceGone(reason);
      case "BadDeviceToken", "DeviceTokenNotForTopic" ->
          proven ? new Answer.DeviceGone(reason) : new Answer.Rejected(reason);
      case "TooManyProviderTokenUpdates" -> new Answer.TryAgain(PROVIDER_TOKEN_PAUSE, reason);
      case "ExpiredProviderToken", "InvalidProviderToken", "MissingProviderToken" -> throw failure(status, reason);
      default -> {
        String said = reason.isEmpty() ? "HTTP " + status : reason;
        if (status == 410) {
          yield new Answer.DeviceGone(said);
        } else if (status == 429) {
          yield new Answer.TryAgain(DEVICE_PAUSE, said);
        } else if (status == 503) {
          yield new Answer.TryAgain(SERVICE_PAUSE, said);
        } else if (status >= 500) {
          throw failure(status, reason);
        }
        yield new Answer.Rejected(said);
      }
    };
  }

  private static ProviderException failure(int status, String reason) {
    return new ProviderException("apns answered " + status + " " + reason);
  }
}
