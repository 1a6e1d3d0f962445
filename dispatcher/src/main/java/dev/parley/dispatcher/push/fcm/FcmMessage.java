package dev.parley.dispatcher.push.fcm;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.dispatcher.push.CollapseId;
import dev.parley.dispatcher.push.Push;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A push as a message of FCM HTTP v1.
 *
 * @param body the request, as JSON
 * @param payloadBytes what counts against FCM's limit: notification and data
 */
record FcmMessage(byte[] body, int payloadBytes) {
  /** FCM's limit of a payload. */
  static final int MOST_PAYLOAD = 4096;

  private static final int MOST_COLLAPSE_KEY = 256;
  private static final Duration MOST_TTL = Duration.ofDays(28);

  /** What is sent for this push. */
  static FcmMessage of(Push push) {
    String collapseKey = CollapseId.of(push.conversationId(), MOST_COLLAPSE_KEY);
    Map<String, Object> android = new LinkedHashMap<>();
    android.put("collapse_key", collapseKey);
    android.put("priority", push.isWithdrawal() ? "NORMAL" : "HIGH");
    android.put("ttl", ttl(push.timeToLive()) + "s");
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("token", push.target().getFcm().getToken());
    Map<String, Object> data = data(push);
    message.put("data", data);
    int payload = bytes(data).length;
    Push.Alert alert = push.alert();
    if (alert != null) {
      Push.Alert fitted = alert.fitted();
      Map<String, Object> notification = Map.of("title", fitted.title(), "body", fitted.body());
      message.put("notification", notification);
      payload += bytes(notification).length;
      android.put("notification", Map.of("tag", collapseKey, "notification_count", push.badge()));
    }
    message.put("android", android);
    return new FcmMessage(bytes(Map.of("message", message)), payload);
  }

  /** FCM takes texts alone here. */
  private static Map<String, Object> data(Push push) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("id", push.id());
    data.put("conversation_id", push.conversationId());
    data.put("seq", Long.toString(push.seq()));
    data.put("badge", Integer.toString(push.badge()));
    if (push.isWithdrawal()) {
      data.put("withdraw", "1");
    }
    return data;
  }

  private static long ttl(Duration timeToLive) {
    return Math.clamp(timeToLive.toSeconds(), 0, MOST_TTL.toSeconds());
  }

  private static byte[] bytes(Map<String, ?> json) {
    return JSONObjectUtils.toJSONString(json).getBytes(StandardCharsets.UTF_8);
  }
}
