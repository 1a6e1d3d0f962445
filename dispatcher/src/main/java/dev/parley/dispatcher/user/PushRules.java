package dev.parley.dispatcher.user;

import com.google.protobuf.Timestamp;
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
   * @param sent when the message was sent
   * @param direct it is in a direct conversation
   * @param mentioned it draws this user's attention
   */
  public static boolean wants(
      PushUser user, String conversationId, boolean direct, boolean mentioned, Instant sent, Instant now) {
    PushPreferences all = user.getPreferences();
    if (all.hasMuteUntil() && isBefore(now, all.getMuteUntil())) {
      return false;
    }
    if (all.hasQuietHours() && (isQuiet(all.getQuietHours(), now) || isQuiet(all.getQuietHours(), sent))) {
      return false;
    }
    if (all.getMentionsOnly() && !mentioned && !direct) {
      return false;
    }
    for (ConversationPushPreferences one : user.getConversationsList()) {
      if (one.getConversationId().equals(conversationId)) {
        boolean muted = one.hasMuteUntil() && isBefore(now, one.getMuteUntil());
        return !muted && (mentioned || !one.getMentionsOnly());
      }
    }
    return true;
  }

  /** By the second: what users give may be no moment that Java knows. */
  private static boolean isBefore(Instant now, Timestamp time) {
    return now.getEpochSecond() < time.getSeconds();
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
