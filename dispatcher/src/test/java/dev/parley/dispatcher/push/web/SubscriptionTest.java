package dev.parley.dispatcher.push.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.parley.chassis.config.Settings;
import dev.parley.v1.WebPushTarget;
import java.security.interfaces.ECPublicKey;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubscriptionTest {
  private static WebPushTarget good = WebPushTarget.getDefaultInstance();

  @BeforeAll
  static void makeOne() throws Exception {
    good =
        WebPushTarget.newBuilder()
            .setEndpoint("https://updates.push.services.mozilla.com/wpush/v2/abc")
            .setP256Dh(ByteString.copyFrom(P256.encode((ECPublicKey) P256.generate().getPublic())))
            .setAuth(ByteString.copyFrom(new byte[16]))
            .build();
  }

  @Test
  void whatABrowserGivesOutIsTaken() {
    Subscription subscription = Subscription.of(good);
    assertThat(subscription.endpoint()).hasToString(good.getEndpoint());
    assertThat(subscription.toString()).doesNotContain("abc");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://example.org/x", "https://", "https:///x", "ftp://example.org/x", "https://a b/", "https://u:p@example.org/x",
        "https://example.org/x#y", "file:///etc/passwd", "example.org"
      })
  void anAddressThatIsNotOneOfAServerIsRefused(String endpoint) {
    assertThatThrownBy(() -> Subscription.of(good.toBuilder().setEndpoint(endpoint).build()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aKeyOrSecretThatIsNoneIsRefused() {
    assertThatThrownBy(() -> Subscription.of(good.toBuilder().setP256Dh(ByteString.copyFrom(new byte[65])).build()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Subscription.of(good.toBuilder().setAuth(ByteString.copyFrom(new byte[15])).build()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void onlyHostsOfKnownPushServicesAreAllowed() {
    WebPushSettings settings = Settings.defaults(WebPushSettings.class);
    assertThat(settings.allows("fcm.googleapis.com")).isTrue();
    assertThat(settings.allows("web.push.apple.com")).isTrue();
    assertThat(settings.allows("WEB.PUSH.APPLE.COM")).isTrue();
    assertThat(settings.allows("push.apple.com")).isFalse();
    assertThat(settings.allows("evilpush.apple.com")).isFalse();
    assertThat(settings.allows("web.push.apple.com.example.org")).isFalse();
    assertThat(settings.allows("169.254.169.254")).isFalse();
  }
}
