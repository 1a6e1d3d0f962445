package dev.parley.router.moderation;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.parley.router.moderation.Moderation.Verdict;
import dev.parley.v1.Command;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What is asked and answered.
 *
 * <pre>
 *   {"userId": "...", "conversationId": "...", "command": {the Command in Protobuf's JSON mapping}}
 *   {"allowed": true}  or  {"allowed": false, "rule": "..."}
 * </pre>
 */
final class ModerationMessages {
  /** The longest rule that is passed on, in characters. */
  static final int RULE = 128;

  private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();
  private static final String ALGORITHM = "HmacSHA256";

  private ModerationMessages() {}

  static String question(String userId, String conversationId, Command command) {
    try {
      Struct.Builder action = Struct.newBuilder();
      JsonFormat.parser().merge(PRINTER.print(command), action);
      return PRINTER.print(
          Struct.newBuilder()
              .putFields("userId", text(userId))
              .putFields("conversationId", text(conversationId))
              .putFields("command", Value.newBuilder().setStructValue(action).build()));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a command has JSON", e);
    }
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }

  /**
   * The verdict in an answer's body.
   *
   * @throws IllegalArgumentException if there is none
   */
  static Verdict verdict(String body) {
    Struct.Builder answer = Struct.newBuilder();
    try {
      JsonFormat.parser().merge(body, answer);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("the answer is no JSON object", e);
    }
    Value allowed = answer.getFieldsOrDefault("allowed", Value.getDefaultInstance());
    if (!allowed.hasBoolValue()) {
      throw new IllegalArgumentException("the answer does not say whether it is allowed");
    }
    if (allowed.getBoolValue()) {
      return new Verdict.Allowed();
    }
    String rule = answer.getFieldsOrDefault("rule", Value.getDefaultInstance()).getStringValue();
    return new Verdict.Refused(rule.length() <= RULE ? rule : rule.substring(0, RULE));
  }

  /** The header {@code webhook-signature} of Standard Webhooks. */
  static String signature(byte[] key, String id, long seconds, String body) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      byte[] signed = mac.doFinal((id + "." + seconds + "." + body).getBytes(StandardCharsets.UTF_8));
      return "v1," + Base64.getEncoder().encodeToString(signed);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }
}
