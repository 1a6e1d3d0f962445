package dev.parley.dispatcher.push;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * A push service: Firebase Cloud Messaging, Apple's, or those of browsers.
 *
 * <p>Thread-safe; never blocks. Makes one attempt for each call: when to try again is the caller's to decide.
 */
public interface PushProvider extends AutoCloseable {
  /** As in logs, metrics and dead letters: {@code fcm}, {@code apns} or {@code web_push}. */
  String name();

  /**
   * Hands a push over.
   *
   * @return what the provider said. Fails when it said nothing that can be told from silence: no connection, no answer,
   *     a status 5xx without advice, or a {@link dev.parley.chassis.resilience.HopException} of the provider's hop
   */
  CompletionStage<Answer> send(Push push);

  /** Ends its connections. What is under way fails. */
  @Override
  void close();

  /** What a provider said of a push. */
  sealed interface Answer {
    /** It has it, and will bring it to the device when it can. */
    record Accepted() implements Answer {}

    /** The device does not exist any more: nothing is to be sent to it again. */
    record DeviceGone(String reason) implements Answer {}

    /** It will never take this push. */
    record Rejected(String reason) implements Answer {}

    /**
     * It may take it later.
     *
     * @param after not before; as the provider says (Retry-After), or at least a second
     */
    record TryAgain(Duration after, String reason) implements Answer {}
  }
}
