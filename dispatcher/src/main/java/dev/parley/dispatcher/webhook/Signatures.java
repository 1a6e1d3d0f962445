package dev.parley.dispatcher.webhook;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookSigningException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/** Signs requests as Standard Webhooks says. */
final class Signatures {
  private static final int SECRET_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Signatures() {}

  /** A new secret, in text form. */
  static String newSecret() {
    byte[] secret = new byte[SECRET_BYTES];
    RANDOM.nextBytes(secret);
    return Webhook.SECRET_PREFIX + Base64.getEncoder().encodeToString(secret);
  }

  /**
   * The headers of a request.
   *
   * @param secrets that sign, newest first: at least one
   * @param id of the event
   * @param time of the attempt
   */
  static Map<String, String> headers(List<String> secrets, String id, Instant time, String body) {
    long seconds = time.getEpochSecond();
    StringJoiner signatures = new StringJoiner(" ");
    try {
      for (String secret : secrets) {
        signatures.add(new Webhook(secret).sign(id, seconds, body));
      }
    } catch (EmptyWebhookSecretException | WebhookSigningException e) {
      throw new IllegalStateException("a stored secret does not sign", e);
    }
    return Map.of(
        Webhook.UNBRANDED_MSG_ID_KEY,
        id,
        Webhook.UNBRANDED_MSG_TIMESTAMP_KEY,
        Long.toString(seconds),
        Webhook.UNBRANDED_MSG_SIGNATURE_KEY,
        signatures.toString());
  }
}
