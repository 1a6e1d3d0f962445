package dev.parley.router.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Refusal;
import dev.parley.router.session.Allowances.Kind;
import dev.parley.v1.ErrorReason;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AllowancesTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final SessionLimits LIMITS =
      new SessionLimits(
          1, 1, 1, 1, 1, 1, 2, 4, 6, 8, 1, 1, 1, Duration.ofSeconds(1), 1, Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1));

  private final Allowances allowances = new Allowances(LIMITS);

  private void use(Kind kind, int times) {
    for (int i = 0; i < times; i++) {
      assertThat(allowances.take(kind, "ann", NOW)).as("%s %d", kind, i).isNull();
    }
  }

  @Test
  void eachUserHasAnAllowanceOverAllSessions() {
    use(Kind.COMMAND, 4);

    assertThat(allowances.take(Kind.COMMAND, "ann", NOW))
        .isEqualTo(
            new Refusal(
                ErrorReason.ERROR_REASON_RATE_LIMITED,
                "more than 2 commands of this user a second",
                Map.of("limit", "2"),
                Duration.ofMillis(500)));
    assertThat(allowances.take(Kind.COMMAND, "bob", NOW)).isNull();
    assertThat(allowances.take(Kind.COMMAND, "ann", NOW.plusMillis(500))).isNull();
  }

  @Test
  void whatIsUsedUpOfOneKindIsStillThereOfTheOthers() {
    use(Kind.COMMAND, 4);
    use(Kind.READ, 8);
    use(Kind.READ_MARK, 12);
    use(Kind.TYPING, 16);

    for (Kind kind : Kind.values()) {
      assertThat(allowances.take(kind, "ann", NOW)).as("%s", kind).isNotNull();
    }
  }
}
