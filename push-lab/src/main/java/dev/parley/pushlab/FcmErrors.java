package dev.parley.pushlab;

import dev.parley.pushlab.http.Answer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Errors as FCM writes them: those of Google's APIs, with FCM's own code among the details. */
final class FcmErrors {
  private FcmErrors() {}

  /**
   * An error.
   *
   * @param errorCode FCM's own, as UNREGISTERED; empty: it is none of FCM
   * @param fields what is wrong in the request, as {@code message.token}
   */
  static Answer of(int status, String errorCode, String message, List<String> fields) {
    List<Map<String, Object>> details = new ArrayList<>();
    if (!errorCode.isEmpty()) {
      details.add(Map.of("@type", "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode", errorCode));
    }
    if (!fields.isEmpty()) {
      details.add(
          Map.of(
              "@type",
              "type.googleapis.com/google.rpc.BadRequest",
              "fieldViolations",
              fields.stream().map(field -> Map.of("field", field, "description", message)).toList()));
    }
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("code", status);
    error.put("message", message);
    error.put("status", canonical(status));
    error.put("details", details);
    return Answer.json(status, Map.of("error", error));
  }

  private static String canonical(int status) {
    return switch (status) {
      case 400 -> "INVALID_ARGUMENT";
      case 401 -> "UNAUTHENTICATED";
      case 403 -> "PERMISSION_DENIED";
      case 404 -> "NOT_FOUND";
      case 429 -> "RESOURCE_EXHAUSTED";
      case 503 -> "UNAVAILABLE";
      default -> "INTERNAL";
    };
  }

  /** FCM's own code that usually comes with a status. */
  static String usual(int status) {
    return switch (status) {
      case 400 -> "INVALID_ARGUMENT";
      case 401 -> "";
      case 403 -> "SENDER_ID_MISMATCH";
      case 404 -> "UNREGISTERED";
      case 429 -> "QUOTA_EXCEEDED";
      case 503 -> "UNAVAILABLE";
      default -> "INTERNAL";
    };
  }
}
