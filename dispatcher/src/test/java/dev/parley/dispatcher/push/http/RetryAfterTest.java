package dev.parley.dispatcher.push.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RetryAfterTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void readsSeconds() {
    assertThat(RetryAfter.read(" 17 ", NOW)).isEqualTo(Duration.ofSeconds(17));
  }

  @Test
  void readsADate() {
    assertThat(RetryAfter.read("Thu, 01 Jan 2026 00:01:30 GMT", NOW)).isEqualTo(Duration.ofSeconds(90));
  }

  @Test
  void isNeverLessThanASecondNorMoreThanADay() {
    assertThat(RetryAfter.read("0", NOW)).isEqualTo(Duration.ofSeconds(1));
    assertThat(RetryAfter.read("Wed, 31 Dec 2025 00:00:00 GMT", NOW)).isEqualTo(Duration.ofSeconds(1));
    assertThat(RetryAfter.read("999999999", NOW)).isEqualTo(Duration.ofDays(1));
  }

  @Test
  void whatNobodyCanReadSaysNothing() {
    assertThat(RetryAfter.read(null, NOW)).isNull();
    assertThat(RetryAfter.read("soon", NOW)).isNull();
    assertThat(RetryAfter.read("-5", NOW)).isNull();
    assertThat(RetryAfter.read("99999999999999999999", NOW)).isNull();
  }
}
