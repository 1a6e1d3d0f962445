package dev.parley.dispatcher.push.apns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.dispatcher.push.ProviderException;
import dev.parley.dispatcher.push.PushProvider.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApnsAnswersTest {
  @ParameterizedTest
  @CsvSource({"410, Unregistered", "410, ExpiredToken", "400, BadDeviceToken", "400, DeviceTokenNotForTopic"})
  void aTokenThatIsNoneOfThisAppIsGone(int status, String reason) {
    assertThat(ApnsAnswers.of(status, reason, true)).isEqualTo(new Answer.DeviceGone(reason));
  }

  @ParameterizedTest
  @CsvSource({"400, BadDeviceToken", "400, DeviceTokenNotForTopic"})
  void aServiceThatHasAcceptedNothingEndsNoDevices(int status, String reason) {
    assertThat(ApnsAnswers.of(status, reason, false)).isEqualTo(new Answer.Rejected(reason));
  }

  @ParameterizedTest
  @CsvSource({"429, TooManyRequests", "429, TooManyProviderTokenUpdates", "503, ServiceUnavailable", "503, Shutdown"})
  void whatWillPassIsTriedAgain(int status, String reason) {
    assertThat(ApnsAnswers.of(status, reason, true)).isInstanceOf(Answer.TryAgain.class);
  }

  @ParameterizedTest
  @CsvSource({"500, InternalServerError", "403, ExpiredProviderToken", "403, InvalidProviderToken", "502, ''"})
  void whatIsNotThePushsFaultIsAFailure(int status, String reason) {
    assertThatThrownBy(() -> ApnsAnswers.of(status, reason, true)).isInstanceOf(ProviderException.class);
  }

  @Test
  void whatWillNeverBeTakenIsRejected() {
    assertThat(ApnsAnswers.of(413, "PayloadTooLarge", true)).isEqualTo(new Answer.Rejected("PayloadTooLarge"));
    assertThat(ApnsAnswers.of(400, "", true)).isEqualTo(new Answer.Rejected("HTTP 400"));
  }
}
