package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.router.shard.ReadMarks.Mark;
import dev.parley.router.shard.ReadMarks.Message;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ReadMarksTest {
  private final ReadMarks marks = new ReadMarks();

  private Message next() {
    return Objects.requireNonNull(marks.next(1_000));
  }

  @Test
  void aMarkOnlyMovesForward() {
    assertThat(marks.advance("c", "ann", new Mark(5, 4))).isTrue();
    assertThat(marks.advance("c", "ann", new Mark(5, 4))).isFalse();
    assertThat(marks.advance("c", "ann", new Mark(3, 2))).isFalse();
    assertThat(marks.get("c", "ann")).isEqualTo(new Mark(5, 4));
    assertThat(marks.get("c", "bob")).isEqualTo(Mark.NONE);
    assertThat(marks.of("other")).isEmpty();
  }

  @Test
  void onlyWhatChangedIsWrittenAtMostSoMuchAtATime() {
    assertThat(marks.next(10)).isNull();
    for (int i = 0; i < 5; i++) {
      marks.advance("c", "user " + i, new Mark(1, 1));
    }

    assertThat(Objects.requireNonNull(marks.next(3)).marks()).hasSize(3);
    assertThat(marks.clean()).isFalse();
    assertThat(next().marks()).hasSize(2);
    assertThat(marks.clean()).isTrue();
    assertThat(marks.next(10)).isNull();
  }

  @Test
  void whatMayNotBeOnTheLogIsWrittenAgain() {
    marks.advance("c", "ann", new Mark(5, 4));
    marks.failed(next());

    assertThat(next().marks()).hasSize(1);
  }

  @Test
  void whatIsTrimmedAfterAFailedRepetitionIsInWhatWasWrittenSince() throws Exception {
    marks.advance("c", "ann", new Mark(5, 4));
    marks.stored(next(), 1);
    marks.advance("c", "bob", new Mark(6, 5));
    marks.failed(next()); // it repeats what ann has at position 1

    Message again = Objects.requireNonNull(marks.next(1));
    assertThat(marks.stored(again, 2)).isEqualTo(2);
    ReadMarks folded = new ReadMarks();
    folded.fold(again.bytes(), 2);
    assertThat(folded.get("c", "ann")).isEqualTo(new Mark(5, 4));
  }
}
