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

  /** The most characters of a title that is shown. */
  public static final int MAX_TITLE = 120;

  /**
   * What is shown.
   *
   * @param title who says it, and where; more than {@link #MAX_TITLE} characters are cut
   * @param body what; more than {@link #MAX_BODY} characters are cut
   */
  public record Alert(String title, String body) {
    /** With texts that every provider takes and every screen shows: what is longer ends in an ellipsis. */
    public Alert fitted() {
      return new Alert(cut(title, MAX_TITLE), cut(body, MAX_BODY));
    }

    /** Never within a character that takes two. */
    private static String cut(String text, int most) {
      if (text.length() <= most) {
        return text;
      }
      int end = most - 1;
      if (Character.isHighSurrogate(text.charAt(end - 1))) {
        end--;
      }
      return text.substring(0, end) + "…";
    }
  }

  /** Tells the device to take away what it shows of the conversation. */
  public boolean isWithdrawal() {
    return alert == null;
  }
}
