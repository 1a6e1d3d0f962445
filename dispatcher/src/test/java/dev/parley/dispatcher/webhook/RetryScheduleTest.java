package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.dispatcher.http.PostOutcome.Failure;
import dev.parley.dispatcher.http.PostOutcome.Unanswered;
import dev.parley.dispatcher.webhook.Verdict.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryScheduleTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  @Test
  void pausesGrowToAnHourAndAreSpread() {
    RetrySchedule schedule = new RetrySchedule(new Random(7));
    List<Duration> expected =
        List.of(
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            Duration.ofMinutes(2),
            Duration.ofMinutes(10),
            Duration.ofMinutes(30),
            Duration.ofHours(1),
            Duration.ofHours(1));
    for (int failures = 1; failures <= expected.size(); failures++) {
      long middle = expected.get(failures - 1).toMillis();
      int tried = failures;
      List<Long> pauses = IntStream.range(0, 50).mapToObj(i -> schedule.pause(tried).toMillis()).toList();
      assertThat(pauses).allMatch(pause -> pause >= middle * 0.8 && pause <= middle * 1.2);
      assertThat(pauses).anyMatch(pause -> pause < middle).anyMatch(pause -> pause > middle);
    }
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "120; PT2M",
        " 7 ; PT7S",
        "0; PT1S",
        "3601; PT1H",
        "99999999999999999999; PT1H",
        "Sun, 01 Mar 2026 12:05:00 GMT; PT5M",
        "Sun, 01 Mar 2026 11:00:00 GMT; PT1S",
        "Sun, 01 Mar 2099 11:00:00 GMT; PT1H",
      },
      delimiter = ';')
  void retryAfterIsReadAsSecondsOrADateAndBounded(String header, Duration pause) {
    assertThat(RetrySchedule.asked(header, NOW)).isEqualTo(pause);
  }

  @ParameterizedTest
  @CsvSource({"soon", "-5", "''", "1.5", "12 s"})
  void aRetryAfterThatSaysNothingLeavesItToTheSchedule(String header) {
    assertThat(RetrySchedule.asked(header, NOW)).isNull();
    assertThat(RetrySchedule.asked(null, NOW)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "200, TAKEN", "204, TAKEN", "299, TAKEN", "301, REDIRECTED", "308, REDIRECTED", "400, REFUSED", "404, REFUSED",
    "410, GONE", "429, BUSY", "500, REFUSED", "502, REFUSED", "503, BUSY"
  })
  void aStatusIsAVerdict(int status, Kind kind) {
    Verdict verdict = Verdict.of(Endpoints.status(status, "60"), NOW);
    assertThat(verdict.kind()).isEqualTo(kind);
    assertThat(verdict.reason()).startsWith("status " + status);
    assertThat(verdict.retryAfter()).isEqualTo(kind == Kind.BUSY ? Duration.ofMinutes(1) : null);
  }

  @Test
  void noAnswerIsAFailure() {
    assertThat(Verdict.of(new Unanswered(Failure.ADDRESS_REFUSED, "why"), NOW).kind()).isEqualTo(Kind.NOT_SENT);
    assertThat(Verdict.of(new Unanswered(Failure.TIME_LIMIT, "why"), NOW))
        .isEqualTo(new Verdict(Kind.UNANSWERED, "why", null));
  }
}
