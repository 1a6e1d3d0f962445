package dev.parley.dispatcher.push.apns;

import com.eatthepath.pushy.apns.DeliveryPriority;
import com.eatthepath.pushy.apns.PushType;
import com.eatthepath.pushy.apns.util.ApnsPayloadBuilder;
import com.eatthepath.pushy.apns.util.SimpleApnsPayloadBuilder;
import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import dev.parley.dispatcher.push.CollapseId;
import dev.parley.dispatcher.push.Push;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;

/** A push as a notification of APNs. */
final class ApnsNotification {
  /** Apple's limit of a payload. */
  static final int MOST_PAYLOAD = 4096;

  private static final int MOST_COLLAPSE_ID = 64;

  private ApnsNotification() {}

  /** What is sent for this push: an alert, or a background push that takes one away. */
  static SimpleApnsPushNotification of(Push push, String topic, Instant now) {
    boolean withdrawal = push.isWithdrawal();
    return new SimpleApnsPushNotification(
        push.target().getApns().getToken(),
        topic,
        payload(push),
        now.plus(push.timeToLive()),
        withdrawal ? DeliveryPriority.CONSERVE_POWER : DeliveryPriority.IMMEDIATE,
        withdrawal ? PushType.BACKGROUND : PushType.ALERT,
        CollapseId.of(push.conversationId(), MOST_COLLAPSE_ID),
        UUID.fromString(push.id()));
  }

  static boolean fits(String payload) {
    return payload.getBytes(StandardCharsets.UTF_8).length <= MOST_PAYLOAD;
  }

  private static String payload(Push push) {
    ApnsPayloadBuilder payload =
        new SimpleApnsPayloadBuilder()
            .setBadgeNumber(push.badge())
            .addCustomProperty("id", push.id())
            .addCustomProperty("conversation_id", push.conversationId())
            .addCustomProperty("seq", push.seq());
    Push.Alert alert = push.alert();
    if (alert == null) {
      payload.setContentAvailable(true).addCustomProperty("withdraw", true);
    } else {
      Push.Alert fitted = alert.fitted();
      payload
          .setAlertTitle(fitted.title())
          .setAlertBody(fitted.body())
          .setThreadId(push.conversationId())
          .setSound(ApnsPayloadBuilder.DEFAULT_SOUND_FILENAME)
          .setMutableContent(true);
    }
    return payload.build();
  }
}
