package dev.parley.dispatcher.push.fcm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.dispatcher.push.ProviderException;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.dispatcher.push.http.Reply;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FcmErrorTest {
  @ParameterizedTest
  @CsvSource({"404, NOT_FOUND, UNREGISTERED"})
  void aTokenThatIsNoneOfThisAppIsGone(int status, String canonical, String code) {
    assertThat(answer(status, null, error(canonical, code, ""))).isEqualTo(new Answer.DeviceGone(code));
  }

  @Test
  void anotherProjectsTokenEndsNoDevice() {
    assertThat(answer(403, null, error("PERMISSION_DENIED", "SENDER_ID_MISMATCH", "")))
        .isEqualTo(new Answer.Rejected("SENDER_ID_MISMATCH"));
  }

  @Test
  void aWrongArgumentEndsTheDeviceOnlyIfItIsTheToken() {
    String token =
        ",{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[{\"field\":\"message.token\"}]}";
    String ttl = token.replace("message.token", "message.android.ttl");
    assertThat(answer(400, null, error("INVALID_ARGUMENT", "INVALID_ARGUMENT", token)))
        .isInstanceOf(Answer.DeviceGone.class);
    assertThat(answer(400, null, error("INVALID_ARGUMENT", "INVALID_ARGUMENT", ttl)))
        .isEqualTo(new Answer.Rejected("INVALID_ARGUMENT"));
  }

  @Test
  void aNotFoundThatIsNotOfFcmSaysNothingOfTheDevice() {
    assertThat(answer(404, null, "<html>Not Found</html>")).isEqualTo(new Answer.Rejected("HTTP 404"));
  }

  @Test
  void aQuotaIsWaitedForAsTold() {
    String quota = error("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "");
    assertThat(answer(429, "30", quota)).isEqualTo(new Answer.TryAgain(Duration.ofSeconds(30), "QUOTA_EXCEEDED"));
    assertThat(answer(429, null, quota)).isEqualTo(new Answer.TryAgain(Duration.ofMinutes(1), "QUOTA_EXCEEDED"));
  }

  @Test
  void unavailableIsWaitedForAsToldAndOtherwiseAFailure() {
    String unavailable = error("UNAVAILABLE", "UNAVAILABLE", "");
    assertThat(answer(503, "9", unavailable)).isEqualTo(new Answer.TryAgain(Duration.ofSeconds(9), "UNAVAILABLE"));
    assertThatThrownBy(() -> answer(503, null, unavailable)).isInstanceOf(ProviderException.class);
  }

  @ParameterizedTest
  @CsvSource({"500, INTERNAL, INTERNAL", "401, UNAUTHENTICATED, ''"})
  void whatIsNotThePushsFaultIsAFailure(int status, String canonical, String code) {
    String body = code.isEmpty() ? "{\"error\":{\"status\":\"" + canonical + "\"}}" : error(canonical, code, "");
    assertThatThrownBy(() -> answer(status, null, body)).isInstanceOf(ProviderException.class);
  }

  @Test
  void credentialsOfAThirdPartyAreRejected() {
    assertThat(answer(401, null, error("UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", "")))
        .isEqualTo(new Answer.Rejected("THIRD_PARTY_AUTH_ERROR"));
  }

  @ParameterizedTest
  @CsvSource({"'{'", "'[]'", "'{\"error\":7}'", "'{\"error\":{\"details\":[7,null,{\"@type\":1}]}}'", "''"})
  void aBodyThatNobodyCanReadIsJudgedByItsStatus(String body) {
    assertThat(answer(400, null, body)).isEqualTo(new Answer.Rejected("HTTP 400"));
  }

  private static Answer answer(int status, @Nullable String retryAfter, String body) {
    return FcmError.answer(new Reply(status, retryAfter, body), Instant.EPOCH);
  }

  private static String error(String canonical, String code, String more) {
    return "{\"error\":{\"code\":400,\"message\":\"m\",\"status\":\"" + canonical + "\",\"details\":["
        + "{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\"errorCode\":\"" + code + "\"}"
        + more + "]}}";
  }
}
