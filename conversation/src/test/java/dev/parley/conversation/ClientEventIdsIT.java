package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClientEventIdsIT {
  private static final int IDS = 10_000;

  @Test
  void idsOfOneMomentDiffer() {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < IDS; i++) {
      ids.add(ClientEventIds.create(Talk.START));
    }

    assertThat(ids).hasSize(IDS);
  }
}
