package dev.parley.pushlab.phone;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A push that a phone has got.
 *
 * @param id the sender's idempotency key
 * @param collapseId what it replaces: the service's collapse key, id or topic
 * @param title null: it shows nothing
 * @param withdraw whether it takes away what is shown of the conversation
 */
public record Received(
    Instant time,
    String id,
    String collapseId,
    String conversationId,
    long seq,
    @Nullable String title,
    @Nullable String body,
    int badge,
    boolean withdraw) {
  /** As in the feed. */
  Map<String, Object> json(String phone, String provider) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("time", time.toString());
    json.put("phone", phone);
    json.put("provider", provider);
    json.put("id", id);
    json.put("conversation_id", conversationId);
    json.put("seq", seq);
    json.put("title", title == null ? "" : title);
    json.put("body", body == null ? "" : body);
    json.put("badge", badge);
    json.put("withdraw", withdraw);
    return json;
  }
}
