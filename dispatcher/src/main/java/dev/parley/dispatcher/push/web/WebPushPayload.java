package dev.parley.dispatcher.push.web;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.dispatcher.push.Push;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the page's service worker gets, as JSON. */
final class WebPushPayload {
  private WebPushPayload() {}

  static byte[] of(Push push) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", push.id());
    json.put("conversation_id", push.conversationId());
    json.put("seq", push.seq());
    json.put("badge", push.badge());
    Push.Alert alert = push.alert();
    if (alert == null) {
      json.put("withdraw", true);
    } else {
      Push.Alert fitted = alert.fitted();
      json.put("title", fitted.title());
      json.put("body", fitted.body());
    }
    return JSONObjectUtils.toJSONString(json).getBytes(StandardCharsets.UTF_8);
  }
}
