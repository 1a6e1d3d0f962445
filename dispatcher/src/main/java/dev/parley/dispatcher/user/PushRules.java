package dev.parley.dispatcher.user;

import dev.parley.conversation.Timestamps;
import dev.parley.internal.v1.PushUser;
import dev.parley.v1.ConversationPushPreferences;
import dev.parley.v1.PushPreferences;
import dev.parley.v1.QuietHours;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;

/** What a user wants to be told of. Pure. */
public final class PushRules {
  private static final int MINUTES_A_DAY = 24 * 60;

  private PushRules() {}

  /**
   * Whether a user wants to be told of a message now.
   *
   * @param direct it is in a direct conversation
   * @param mentioned it draws this user's attention
   */
  public static boolean wants(PushUser user, String conversationId, boolean direct, boolean mentioned, Instant now) {
    PushPreferences all = user.getPreferences();
    if (all.hasMuteUntil() && now.isBefore(Timestamps.toInstant(all.getMuteUntil()))) {
      return false;
    }
    if (all.hasQuietHours() && isQuiet(all.getQuietHours(), now)) {
      return false;
    }
    if (all.getMentionsOnly() && !mentioned && !direct) {
      return false;
    }
    for (ConversationPushPreferences one : user.getConversationsList()) {
      if (one.getConversationId().equals(conversationId)) {
        boolean muted = one.hasMuteUntil() && now.isBefore(Timestamps.toInstant(one.getMuteUntil()));
        return !muted && (mentioned || !one.getMentionsOnly());
      }
    }
    return true;
  }

  private static boolean isQuiet(QuietHours hours, Instant now) {
    LocalTime time = LocalTime.ofInstant(now, ZoneId.of(hours.getTimeZone()));
    int minute = time.getHour() * 60 + time.getMinute();
    int start = hours.getStartMinute() % MINUTES_A_DAY;
    int end = hours.getEndMinute() % MINUTES_A_DAY;
    return start <= end ? minute >= start && minute < end : minute >= start || minute < end;
  }

  /** Whether there is a time zone of this name. */
  public static boolean isZone(String name) {
    try {
      ZoneId.of(name);
      return true;
    } catch (DateTimeException unknown) {
      return false;
    }
  }
}
