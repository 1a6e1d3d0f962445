package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SignaturesTest {
  private static Map<String, List<String>> asTheyCome(Map<String, String> headers) {
    Map<String, List<String>> came = new HashMap<>();
    headers.forEach((name, value) -> came.put(name, List.of(value)));
    return came;
  }

  @Test
  void aSignatureIsThatOfTheSpecification() {
    // The vector of the specification's libraries.
    Map<String, String> headers =
        Signatures.headers(
            List.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Instant.ofEpochSecond(1_614_265_330),
            "{\"test\": 2432232314}");
    assertThat(headers)
        .containsEntry("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
        .containsEntry("webhook-timestamp", "1614265330")
        .containsEntry("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void eachOfTwoSecretsVerifiesAndTheNewerOneComesFirst() throws Exception {
    String newer = Signatures.newSecret();
    String older = Signatures.newSecret();
    String body = "{\"text\":\"grüße\"}";
    Map<String, String> both = Signatures.headers(List.of(newer, older), "id", Instant.now(), body);
    Map<String, String> newerOnly = Signatures.headers(List.of(newer), "id", Instant.now(), body);

    new Webhook(newer).verify(body, asTheyCome(both));
    new Webhook(older).verify(body, asTheyCome(both));
    assertThat(both.get("webhook-signature")).startsWith(newerOnly.get("webhook-signature") + " v1,");
    new Webhook(newer).verify(body, asTheyCome(newerOnly));
    assertThatThrownBy(() -> new Webhook(older).verify(body, asTheyCome(newerOnly)))
        .isInstanceOf(WebhookVerificationException.class);
    assertThatThrownBy(() -> new Webhook(newer).verify(body + " ", asTheyCome(both)))
        .isInstanceOf(WebhookVerificationException.class);
  }

  @Test
  void aSecretIsRandomAndOf32Bytes() {
    String secret = Signatures.newSecret();
    assertThat(secret).startsWith("whsec_").isNotEqualTo(Signatures.newSecret());
    assertThat(Base64.getDecoder().decode(secret.substring("whsec_".length()))).hasSize(32);
  }
}
