package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.router.Say;
import dev.parley.v1.ErrorReason;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecentRefusalsTest {
  private static final Refusal NO = Refusal.of(ErrorReason.ERROR_REASON_NOT_A_MEMBER, "no");
  private static final Duration KEEP = Duration.ofSeconds(20);

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final RecentRefusals refusals = new RecentRefusals(() -> now, KEEP);

  private Request request(String text) {
    return Say.request("ann", Say.GROUP, Say.message(text), now);
  }

  @Test
  void holdsForATimeAndAgainWhenItIsRefusedAnew() {
    Request request = request("a");
    assertThat(refusals.refused(request, NO)).isTrue();
    assertThat(refusals.refused(request, NO)).isFalse();
    assertThat(refusals.of(request)).isEqualTo(NO);
    assertThat(refusals.of(request("b"))).isNull();

    now = now.plus(KEEP);
    assertThat(refusals.of(request)).isNull();
    assertThat(refusals.refused(request, NO)).isTrue();
    now = now.plus(KEEP).minusMillis(1);
    assertThat(refusals.of(request)).isEqualTo(NO);
  }

  @Test
  void whatMayBeMendedByWaitingIsNotKept() {
    Request request = request("a");
    Refusal wait =
        new Refusal(ErrorReason.ERROR_REASON_RATE_LIMITED, "wait", NO.metadata(), Duration.ofSeconds(1));

    assertThat(refusals.refused(request, wait)).isFalse();
    assertThat(refusals.of(request)).isNull();
  }

  @Test
  void whatIsTakenBackIsNotKept() {
    Request request = request("a");
    refusals.refused(request, NO);
    refusals.forget(request);
    assertThat(refusals.of(request)).isNull();

    refusals.refused(request, NO);
    refusals.clear();
    assertThat(refusals.of(request)).isNull();
  }

  @Test
  void theOldestGoFirst() {
    Request oldest = request("oldest");
    Request second = request("second");
    refusals.refused(oldest, NO);
    refusals.refused(second, NO);
    IntStream.range(0, RecentRefusals.MOST - 1).forEach(i -> refusals.refused(request("m" + i), NO));

    assertThat(refusals.of(oldest)).isNull();
    assertThat(refusals.of(second)).isEqualTo(NO);
  }
}
