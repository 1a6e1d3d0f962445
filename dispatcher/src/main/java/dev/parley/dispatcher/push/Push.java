package dev.parley.dispatcher.push;

import dev.parley.v1.PushTarget;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What one device is to be told.
 *
 * @param id the idempotency key: the same for each attempt to tell this device of this; a UUID in text form
 * @param target where it is reached; of the provider's own kind
 * @param conversationId which conversation it tells of; what the device shows of it already is replaced
 * @param seq the newest event of which it tells
 * @param badge how many messages the user has not read, over all conversations
 * @param timeToLive how long the provider is to keep it for a device that it cannot reach
 * @param alert what is shown; null: nothing is, and what the device shows of the conversation is to be taken away
 */
public record Push(
    String id,
    PushTarget target,
    String conversationId,
    long seq,
    int badge,
    Duration timeToLive,
    @Nullable Alert alert) {
  /** The most characters of a text that is shown. */
  public static final int MAX_BODY = 240;

  /**
   * What is shown.
   *
   * @param title who says it, and where
   * @param body what, at most {@link #MAX_BODY} characters
   */
  public record Alert(String title, String body) {}

  /** Tells the device to take away what it shows of the conversation. */
  public boolean isWithdrawal() {
    return alert == null;
  }
}
