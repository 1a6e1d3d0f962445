package dev.parley.cli;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.text.ParseException;
import java.util.Map;

/** A push, for people. */
final class PushText {
  private PushText() {}

  /** {@code json}: as the push lab tells it. */
  static String line(String json) {
    try {
      Map<String, Object> push = JSONObjectUtils.parse(json);
      String shown =
          Boolean.TRUE.equals(push.get("withdraw"))
              ? "takes away what it shows of " + push.get("conversation_id")
              : push.get("title") + ": " + push.get("body");
      return push.get("time") + " " + push.get("phone") + " (" + push.get("provider") + ", badge " + push.get("badge")
          + ") " + shown;
    } catch (ParseException e) {
      throw new CommandFailure("the push lab told something else: " + json, e);
    }
  }
}
