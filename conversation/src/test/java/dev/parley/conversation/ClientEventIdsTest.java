package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClientEventIdsTest {
  @Test
  void anIdCarriesItsTimeInMilliseconds() {
    String id = ClientEventIds.create(Talk.START.plusNanos(1_999_999));

    assertThat(ClientEventIds.isValid(id)).isTrue();
    assertThat(ClientEventIds.timeOf(id)).isEqualTo(Talk.START.plusMillis(1));
  }

  @Test
  void otherVersionsAndSpellingsAreNoIds() {
    assertThat(ClientEventIds.isValid("01900000-0000-4000-8000-000000000000")).isFalse();
    assertThat(ClientEventIds.isValid("01900000-0000-7000-8000-00000000000F")).isFalse();
  }
}
