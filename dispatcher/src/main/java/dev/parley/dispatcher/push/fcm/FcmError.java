package dev.parley.dispatcher.push.fcm;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.dispatcher.push.ProviderException;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.dispatcher.push.http.Reply;
import dev.parley.dispatcher.push.http.RetryAfter;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What FCM says of a message that it does not take.
 *
 * @param code its own code, as UNREGISTERED, else the code of Google's APIs, as NOT_FOUND; empty: it said none
 * @param blamesToken whether it names the registration token as what is wrong
 */
record FcmError(String code, boolean blamesToken) {
  /** FCM's advice for 429 without the header. */
  private static final Duration QUOTA_PAUSE = Duration.ofMinutes(1);

  private static final String FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
  private static final String BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest";
  private static final int MOST_CODE = 64;

  /** The error in this answer. */
  static FcmError in(String body) {
    try {
      Map<String, Object> error = JSONObjectUtils.getJSONObject(JSONObjectUtils.parse(body), "error");
      if (error == null) {
        return new FcmError("", false);
      }
      @Nullable String code = JSONObjectUtils.getString(error, "status");
      boolean blames = false;
      @Nullable List<Object> details = JSONObjectUtils.getJSONArray(error, "details");
      for (Object detail : details == null ? List.of() : details) {
        if (detail instanceof Map<?, ?> map && FCM_ERROR.equals(map.get("@type"))) {
          code = map.get("errorCode") instanceof String own ? own : code;
        } else if (detail instanceof Map<?, ?> map && BAD_REQUEST.equals(map.get("@type"))) {
          blames |= namesToken(map.get("fieldViolations"));
        }
      }
      return new FcmError(code == null ? "" : code.substring(0, Math.min(code.length(), MOST_CODE)), blames);
    } catch (ParseException e) {
      return new FcmError("", false);
    }
  }

  private static boolean namesToken(@Nullable Object violations) {
    return violations instanceof List<?> list
        && list.stream().anyMatch(one -> one instanceof Map<?, ?> map && "message.token".equals(map.get("field")));
  }

  /**
   * What an answer that is not 200 means. A 404 that is not the API's own, as from a wrong address, is no word on the
   * device: a slip in the settings must not end all devices.
   *
   * @throws ProviderException if it says nothing of the push
   */
  static Answer answer(Reply reply, Instant now) {
    FcmError error = in(reply.body());
    String reason = error.code().isEmpty() ? "HTTP " + reply.status() : error.code();
    @Nullable Duration after = RetryAfter.read(reply.retryAfter(), now);
    return switch (error.code()) {
      case "UNREGISTERED", "NOT_FOUND" -> new Answer.DeviceGone(reason);
      case "INVALID_ARGUMENT" ->
          error.blamesToken()
              ? new Answer.DeviceGone(reason + " of the token")
              : new Answer.Rejected(reason);
      // The settings may be at fault: another project's.
      case "SENDER_ID_MISMATCH", "THIRD_PARTY_AUTH_ERROR" -> new Answer.Rejected(reason);
      default -> {
        if (reply.status() == 429) {
          yield new Answer.TryAgain(after == null ? QUOTA_PAUSE : after, reason);
        } else if (reply.status() == 503 && after != null) {
          yield new Answer.TryAgain(after, reason);
        } else if (reply.status() >= 500 || reply.status() == 401) {
          throw new ProviderException("fcm answered " + reply.status() + " " + reason);
        }
        yield new Answer.Rejected(reason);
      }
    };
  }
}
