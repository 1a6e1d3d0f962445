package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.SeqRange;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReadableTest {
  private final Readable readable = new Readable(List.of(range(3, 6), range(9, 0)));

  private static SeqRange range(long first, long last) {
    return SeqRange.newBuilder().setFirstSeq(first).setLastSeq(last).build();
  }

  @Test
  void passesOverWhatLiesBetweenTwoRanges() {
    assertThat(readable.next(1)).isEqualTo(3);
    assertThat(readable.next(6)).isEqualTo(6);
    assertThat(readable.next(7)).isEqualTo(9);
    assertThat(readable.previous(100)).isEqualTo(100);
    assertThat(readable.previous(8)).isEqualTo(6);
    assertThat(readable.previous(2)).isZero();
    assertThat(readable.contains(8)).isFalse();
    assertThat(readable.contains(9)).isTrue();
    assertThat(readable.containsAll(3, 6)).isTrue();
    assertThat(readable.containsAll(9, 90)).isTrue();
    assertThat(readable.containsAll(6, 9)).isFalse();
    assertThat(readable.containsAll(1, 4)).isFalse();
  }

  @Test
  void aClosedRangeIsTheEnd() {
    Readable closed = readable.closedAt(12);
    assertThat(readable.open()).isTrue();
    assertThat(closed.open()).isFalse();
    assertThat(closed.next(12)).isEqualTo(12);
    assertThat(closed.next(13)).isEqualTo(Readable.NONE);
    assertThat(closed.previous(100)).isEqualTo(12);
  }

  @Test
  void whatWasTrimmedIsNotReadable() {
    Readable all = new Readable(List.of(range(1, 4), range(7, 9), range(12, 0)));
    assertThat(all.from(8).ranges()).containsExactly(range(8, 9), range(12, 0));
    assertThat(all.from(10).ranges()).containsExactly(range(12, 0));
    assertThat(all.from(20).ranges()).containsExactly(range(20, 0));
  }

  @Test
  void nobodysRangesAreEmpty() {
    Readable nothing = new Readable(List.of());
    assertThat(nothing.next(1)).isEqualTo(Readable.NONE);
    assertThat(nothing.previous(5)).isZero();
    assertThat(nothing.open()).isFalse();
  }
}
