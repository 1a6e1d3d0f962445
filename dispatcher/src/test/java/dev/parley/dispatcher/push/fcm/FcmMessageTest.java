package dev.parley.dispatcher.push.fcm;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.Pushes;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FcmMessageTest {
  @Test
  void anAlertIsANotificationThatReplacesTheOneOfItsConversation() throws Exception {
    Map<String, Object> message = message(Pushes.alert(Pushes.ANDROID, "Ann", "hello"));
    assertThat(message).containsEntry("token", "lab:APA91bxyz");
    assertThat(message).containsEntry("notification", Map.of("title", "Ann", "body", "hello"));
    assertThat(map(message, "android"))
        .containsEntry("priority", "HIGH")
        .containsEntry("ttl", "86400s")
        .containsEntry("collapse_key", Pushes.CONVERSATION);
    assertThat(map(map(message, "android"), "notification")).containsEntry("tag", Pushes.CONVERSATION);
    assertThat(map(message, "data"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("id", Pushes.ID, "conversation_id", Pushes.CONVERSATION, "seq", "42", "badge", "3"));
  }

  @Test
  void aWithdrawalShowsNothing() throws Exception {
    Map<String, Object> message = message(Pushes.withdrawal(Pushes.ANDROID));
    assertThat(message).doesNotContainKey("notification");
    assertThat(map(message, "android")).containsEntry("priority", "NORMAL").doesNotContainKey("notification");
    assertThat(map(message, "data")).containsEntry("withdraw", "1").containsEntry("seq", "42");
  }

  @Test
  void isNeverKeptForLongerThanFcmKeepsAnything() throws Exception {
    Push push = new Push(Pushes.ID, Pushes.ANDROID, Pushes.CONVERSATION, 1, 0, Duration.ofDays(400), null);
    assertThat(map(message(push), "android")).containsEntry("ttl", 28 * 86_400 + "s");
  }

  @Test
  void theLargestTextsFitIntoThePayload() {
    String worst = "\u0001".repeat(5_000);
    assertThat(FcmMessage.of(Pushes.alert(Pushes.ANDROID, worst, worst)).payloadBytes())
        .isLessThanOrEqualTo(FcmMessage.MOST_PAYLOAD);
  }

  private static Map<String, Object> message(Push push) throws ParseException {
    return map(JSONObjectUtils.parse(new String(FcmMessage.of(push).body(), StandardCharsets.UTF_8)), "message");
  }

  private static Map<String, Object> map(Map<String, Object> json, String name) throws ParseException {
    return JSONObjectUtils.getJSONObject(json, name);
  }
}
