package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.RecentIds.Entry;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RecentIdsTest {
  private static final Instant START = Talk.START;

  @Test
  void keepsEverythingOfTheLastTwoMinutes() {
    RecentIds ids = filled(100, 1);

    assertThat(ids.size()).isEqualTo(100);
    assertThat(ids.find(fingerprint(1))).isEqualTo(entry(1, START.plusSeconds(1)));
    assertThat(ids.forgottenUntil()).isNull();
  }

  @Test
  void forgetsWhatIsOlder() {
    RecentIds ids = filled(200, 1);

    assertThat(ids.size()).isEqualTo(121);
    assertThat(ids.find(fingerprint(79))).isNull();
    assertThat(ids.find(fingerprint(80))).isNotNull();
    assertThat(ids.forgottenUntil()).isEqualTo(START.plusSeconds(79));
  }

  @Test
  void keepsAtLeastThirtyTwoHoweverOld() {
    RecentIds ids = filled(40, 3600);

    assertThat(ids.size()).isEqualTo(RecentIds.KEPT_AT_LEAST);
    assertThat(ids.entries().getFirst().seq()).isEqualTo(9);
  }

  @Test
  void anIdIsNewForCertainOnlyIfItCouldNotHaveBeenStoredBeforeTheKeptOnes() {
    RecentIds ids = filled(200, 1);
    Instant forgotten = START.plusSeconds(79);

    assertThat(ids.coversFrom(forgotten.plusSeconds(30))).isFalse();
    assertThat(ids.coversFrom(forgotten.plusSeconds(30).plusMillis(1))).isTrue();
    assertThat(RecentIds.empty().coversFrom(Instant.EPOCH)).isTrue();
  }

  @Test
  void anOlderVersionIsNotTouchedByWhatComesLater() {
    RecentIds before = filled(200, 1);
    RecentIds after = before.with(entry(201, START.plusSeconds(500)), START.plusSeconds(500));

    assertThat(after.size()).isEqualTo(RecentIds.KEPT_AT_LEAST);
    assertThat(before.find(fingerprint(80))).isNotNull();
  }

  @Test
  void twoVersionsThatGoOnFromOneDoNotSeeEachOther() {
    RecentIds before = filled(10, 1);
    RecentIds one = before.with(new Entry(1, 1, 11, START), START);
    RecentIds other = before.with(new Entry(2, 2, 11, START), START);

    assertThat(one.find(2)).isNull();
    assertThat(other.find(1)).isNull();
    assertThat(one.find(1)).isNotNull();
    assertThat(before.find(1)).isNull();
  }

  private static RecentIds filled(int count, int secondsApart) {
    RecentIds ids = RecentIds.empty();
    for (int i = 1; i <= count; i++) {
      Instant time = START.plusSeconds((long) i * secondsApart);
      ids = ids.with(entry(i, time), time);
    }
    return ids;
  }

  private static Entry entry(long seq, Instant time) {
    return new Entry(fingerprint(seq), -seq, seq, time);
  }

  private static long fingerprint(long seq) {
    return seq * 0x9E3779B97F4A7C15L;
  }
}
