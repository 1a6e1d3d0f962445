package dev.parley.pushlab;

import dev.parley.pushlab.phone.Received;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A message of FCM HTTP v1, checked as FCM does.
 *
 * @param collapseKey by which another one replaces it: the notification's tag, else the collapse key
 */
record FcmMessage(
    String token, Map<String, String> data, @Nullable String title, @Nullable String body, String collapseKey) {
  private static final int MOST_PAYLOAD = 4096;
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]+:APA91b[A-Za-z0-9_-]+");
  private static final Pattern TTL = Pattern.compile("\\d{1,7}(\\.\\d+)?s");
  private static final Set<String> FIELDS =
      Set.of("name", "data", "notification", "android", "webpush", "apns", "fcm_options", "token", "topic", "condition");
  private static final Set<String> RESERVED = Set.of("from", "message_type");

  /** A field is not as it must be. */
  static final class WrongFieldException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String field;

    WrongFieldException(String field, String message) {
      super(message, null, false, false);
      this.field = field;
    }

    String field() {
      return field;
    }
  }

  /** The message of this request. */
  static FcmMessage read(Map<String, Object> request) throws WrongFieldException {
    Map<?, ?> message = object(request, "message", "message");
    for (Object field : message.keySet()) {
      if (!FIELDS.contains(field)) {
        throw new WrongFieldException("message", "Unknown name \"" + field + "\" at 'message'");
      }
    }
    String token = text(message, "token", "message.token");
    if (token == null || !TOKEN.matcher(token).matches()) {
      throw new WrongFieldException("message.token", "The registration token is not a valid FCM registration token");
    }
    Map<?, ?> notification = object(message, "notification", "message.notification");
    Map<?, ?> android = object(message, "android", "message.android");
    Map<String, String> data = data(object(message, "data", "message.data"));
    int size = 0;
    for (Map.Entry<String, String> entry : data.entrySet()) {
      size += bytes(entry.getKey()) + bytes(entry.getValue());
    }
    String title = text(notification, "title", "message.notification.title");
    String body = text(notification, "body", "message.notification.body");
    if (size + bytes(title) + bytes(body) > MOST_PAYLOAD) {
      throw new WrongFieldException("message", "Android message is too big");
    }
    return new FcmMessage(token, data, title, body, collapseKey(android));
  }

  private static String collapseKey(Map<?, ?> android) throws WrongFieldException {
    String ttl = text(android, "ttl", "message.android.ttl");
    if (ttl != null && !TTL.matcher(ttl).matches()) {
      throw new WrongFieldException("message.android.ttl", "Illegal duration format");
    }
    String priority = text(android, "priority", "message.android.priority");
    if (priority != null && !Set.of("NORMAL", "HIGH").contains(priority)) {
      throw new WrongFieldException("message.android.priority", "Invalid value");
    }
    Map<?, ?> notification = object(android, "notification", "message.android.notification");
    String tag = text(notification, "tag", "message.android.notification.tag");
    String key = text(android, "collapse_key", "message.android.collapse_key");
    if (tag != null) {
      return tag;
    }
    return key == null ? "" : key;
  }

  private static Map<String, String> data(Map<?, ?> json) throws WrongFieldException {
    Map<String, String> data = new HashMap<>();
    for (Map.Entry<?, ?> entry : json.entrySet()) {
      String key = String.valueOf(entry.getKey());
      if (!(entry.getValue() instanceof String value)) {
        throw new WrongFieldException("message.data[" + key + "]", "Invalid value (TYPE_STRING)");
      }
      if (RESERVED.contains(key) || key.startsWith("google.") || key.startsWith("gcm.")) {
        throw new WrongFieldException("message.data", "Invalid data payload key: " + key);
      }
      data.put(key, value);
    }
    return data;
  }

  private static Map<?, ?> object(Map<?, ?> json, String name, String path) throws WrongFieldException {
    return switch (json.get(name)) {
      case null -> Map.of();
      case Map<?, ?> map -> map;
      default -> throw new WrongFieldException(path, "Invalid value, an object is expected");
    };
  }

  private static @Nullable String text(Map<?, ?> json, String name, String path) throws WrongFieldException {
    return switch (json.get(name)) {
      case null -> null;
      case String text -> text;
      default -> throw new WrongFieldException(path, "Invalid value, a string is expected");
    };
  }

  private static int bytes(@Nullable String text) {
    return text == null ? 0 : text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** As a phone gets it. */
  Received received(Instant now) {
    return new Received(
        now,
        data.getOrDefault("id", ""),
        collapseKey,
        data.getOrDefault("conversation_id", ""),
        number("seq"),
        title,
        body,
        (int) number("badge"),
        "1".equals(data.get("withdraw")));
  }

  private long number(String name) {
    try {
      return Long.parseLong(data.getOrDefault(name, "0"));
    } catch (NumberFormatException e) {
      return 0; // the app's own data: no business of the service
    }
  }
}
