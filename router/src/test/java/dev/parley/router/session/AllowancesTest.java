package dev.parley.router.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AllowancesTest {
  @Test
  void eachUserHasAnAllowanceOverAllSessions() {
    Allowances allowances = new Allowances(2);
    Instant now = Instant.parse("2026-03-01T12:00:00Z");
    for (int i = 0; i < 4; i++) {
      assertThat(allowances.take("ann", now)).isNull();
    }

    assertThat(allowances.take("ann", now)).isEqualTo(Duration.ofMillis(500));
    assertThat(allowances.take("bob", now)).isNull();
    assertThat(allowances.take("ann", now.plusMillis(500))).isNull();
  }
}
