package dev.parley.dispatcher.push.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.dispatcher.push.ProviderException;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.dispatcher.push.Pushes;
import dev.parley.dispatcher.push.http.Reply;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebPushTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final URI ENDPOINT = URI.create("https://push.example.org/abc");

  @TempDir
  private Path directory;

  @ParameterizedTest
  @ValueSource(ints = {404, 410})
  void aSubscriptionThatEndedIsGone(int status) {
    assertThat(answer(status)).isEqualTo(new Answer.DeviceGone("HTTP " + status));
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 400, 401, 403, 413})
  void whatWillNeverBeTakenIsRejected(int status) {
    assertThat(answer(status)).isEqualTo(new Answer.Rejected("HTTP " + status));
  }

  @Test
  void whatWillPassIsWaitedForAsTold() {
    assertThat(WebPushAnswers.of(new Reply(429, "8", ""), NOW))
        .isEqualTo(new Answer.TryAgain(Duration.ofSeconds(8), "HTTP 429"));
    assertThat(WebPushAnswers.of(new Reply(503, "8", ""), NOW))
        .isEqualTo(new Answer.TryAgain(Duration.ofSeconds(8), "HTTP 503"));
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 502, 503})
  void aFailureWithoutAdviceIsAFailure(int status) {
    assertThatThrownBy(() -> answer(status)).isInstanceOf(ProviderException.class);
  }

  @Test
  void oneSignatureServesAnOriginForHours() throws Exception {
    Vapid vapid = vapid(new ECKeyGenerator(Curve.P_256).generate());
    String first = vapid.authorization(ENDPOINT, NOW);
    assertThat(vapid.authorization(ENDPOINT.resolve("/xyz"), NOW.plus(Duration.ofHours(5)))).isEqualTo(first);
    assertThat(vapid.authorization(ENDPOINT, NOW.plus(Duration.ofHours(6)))).isNotEqualTo(first);
    assertThat(vapid.authorization(URI.create("https://push.example.org:8443/abc"), NOW)).isNotEqualTo(first);
  }

  @Test
  void theSignatureIsForTheOriginAndLastsLessThanADay() throws Exception {
    ECKey key = new ECKeyGenerator(Curve.P_256).generate();
    String header = vapid(key).authorization(ENDPOINT, NOW);
    SignedJWT jwt = SignedJWT.parse(header.substring("vapid t=".length(), header.indexOf(',')));
    assertThat(jwt.verify(new ECDSAVerifier(key.toECPublicKey()))).isTrue();
    assertThat(jwt.getJWTClaimsSet().getAudience()).containsExactly("https://push.example.org");
    assertThat(jwt.getJWTClaimsSet().getExpirationTime().toInstant())
        .isAfter(NOW)
        .isBeforeOrEqualTo(NOW.plus(Duration.ofHours(24)));
  }

  @Test
  void aFileThatIsNoKeyIsNamed() throws Exception {
    Path file = Files.writeString(directory.resolve("vapid.jwk"), "{}");
    assertThatThrownBy(() -> Vapid.read(file, "mailto:a@example.org"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("vapid.jwk");
  }

  @Test
  void thePageGetsWhatItShows() throws Exception {
    Map<String, Object> json = payload(WebPushPayload.of(Pushes.alert(Pushes.ANDROID, "Ann", "hello")));
    assertThat(json).containsEntry("title", "Ann").containsEntry("body", "hello").doesNotContainKey("withdraw");
    assertThat(json).containsEntry("conversation_id", Pushes.CONVERSATION).containsEntry("id", Pushes.ID);
    assertThat(json.get("seq")).hasToString("42");
    assertThat(payload(WebPushPayload.of(Pushes.withdrawal(Pushes.ANDROID))))
        .containsEntry("withdraw", true)
        .doesNotContainKey("title");
  }

  @Test
  void theLargestTextsFit() {
    String worst = "\u0001".repeat(5_000);
    assertThat(WebPushPayload.of(Pushes.alert(Pushes.ANDROID, worst, worst)))
        .hasSizeLessThanOrEqualTo(MessageEncryption.MOST_PLAIN);
  }

  private static Answer answer(int status) {
    return WebPushAnswers.of(new Reply(status, null, ""), NOW);
  }

  private Vapid vapid(ECKey key) throws IOException {
    return Vapid.read(Files.writeString(directory.resolve("key.jwk"), key.toJSONString()), "mailto:a@example.org");
  }

  private static Map<String, Object> payload(byte[] json) throws Exception {
    return JSONObjectUtils.parse(new String(json, StandardCharsets.UTF_8));
  }
}
