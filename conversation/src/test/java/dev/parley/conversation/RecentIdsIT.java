package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.RecentIds.Entry;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RecentIdsIT {
  private static final int IDS = 50_000;

  @Test
  void findsEachOfThousandsAndNoOther() {
    RecentIds ids = RecentIds.empty();
    for (int i = 1; i <= IDS; i++) {
      ids = ids.with(entry(i), timeOf(i));
    }

    assertThat(ids.size()).isEqualTo(IDS);
    for (long seq = 1; seq <= IDS; seq++) {
      assertThat(ids.find(entry(seq).fingerprint())).isEqualTo(entry(seq));
    }
    assertThat(ids.find(entry(IDS + 1).fingerprint())).isNull();
    assertThat(RecentIds.of(ids.entries(), null)).isEqualTo(ids);
  }

  private static Entry entry(long seq) {
    return new Entry(seq * 0x9E3779B97F4A7C15L, -seq, seq, timeOf(seq));
  }

  private static Instant timeOf(long seq) {
    return Talk.START.plusMillis(seq);
  }
}
