package dev.parley.dispatcher.push.apns;

import static org.assertj.core.api.Assertions.assertThat;

import com.eatthepath.pushy.apns.DeliveryPriority;
import com.eatthepath.pushy.apns.PushType;
import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.dispatcher.push.Push.Alert;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.Pushes;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ApnsNotificationTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void anAlertReplacesTheOneOfItsConversation() throws Exception {
    SimpleApnsPushNotification sent = sent(Pushes.alert(Pushes.IPHONE, "Ann", "hello"));
    assertThat(sent.getPushType()).isEqualTo(PushType.ALERT);
    assertThat(sent.getPriority()).isEqualTo(DeliveryPriority.IMMEDIATE);
    assertThat(sent.getApnsId()).isEqualTo(UUID.fromString(Pushes.ID));
    assertThat(sent.getCollapseId()).isEqualTo(Pushes.CONVERSATION);
    assertThat(sent.getExpiration()).isEqualTo(NOW.plus(Duration.ofDays(1)));
    Map<String, Object> aps = JSONObjectUtils.getJSONObject(payload(sent), "aps");
    assertThat(aps).containsEntry("alert", Map.of("title", "Ann", "body", "hello"));
    assertThat(aps).containsEntry("thread-id", Pushes.CONVERSATION);
    assertThat(aps.get("badge")).hasToString("3");
    assertThat(aps.get("mutable-content")).hasToString("1");
    assertThat(payload(sent).get("seq")).hasToString("42");
  }

  @Test
  void aWithdrawalIsABackgroundPush() throws Exception {
    SimpleApnsPushNotification sent = sent(Pushes.withdrawal(Pushes.IPHONE));
    assertThat(sent.getPushType()).isEqualTo(PushType.BACKGROUND);
    assertThat(sent.getPriority()).isEqualTo(DeliveryPriority.CONSERVE_POWER);
    Map<String, Object> aps = JSONObjectUtils.getJSONObject(payload(sent), "aps");
    assertThat(aps).doesNotContainKey("alert");
    assertThat(aps.get("content-available")).hasToString("1");
    assertThat(aps.get("badge")).hasToString("3");
    assertThat(payload(sent)).containsEntry("withdraw", true);
  }

  @Test
  void aLongConversationIdIsHashedToFitTheHeader() {
    Push push = Pushes.push(Pushes.IPHONE, "c".repeat(65), new Alert("t", "b"));
    assertThat(sent(push).getCollapseId()).hasSizeLessThanOrEqualTo(64);
  }

  @Test
  void theLargestTextsFitIntoThePayload() {
    String worst = "\u0001".repeat(5_000);
    assertThat(ApnsNotification.fits(sent(Pushes.alert(Pushes.IPHONE, worst, worst)).getPayload())).isTrue();
    assertThat(ApnsNotification.fits("€".repeat(1_366))).isFalse();
  }

  private static SimpleApnsPushNotification sent(Push push) {
    return ApnsNotification.of(push, "dev.parley.app", NOW);
  }

  private static Map<String, Object> payload(SimpleApnsPushNotification sent) throws ParseException {
    return JSONObjectUtils.parse(sent.getPayload());
  }
}
