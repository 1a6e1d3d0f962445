package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.router.shard.ReadMarks.Mark;
import dev.parley.router.shard.ReadMarks.Message;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
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

  @Test
  void theLogFoldsToWhatIsInMemoryAndStaysShortWhenItIsTrimmed() throws Exception {
    Random random = new Random(11);
    TreeMap<Long, byte[]> log = new TreeMap<>();
    Map<String, Mark> expected = new HashMap<>();
    long position = 0;
    for (int round = 0; round < 60; round++) {
      for (int i = 0; i < 4; i++) {
        String conversation = "c" + random.nextInt(5);
        String user = "u" + random.nextInt(8);
        Mark mark = new Mark(1 + random.nextInt(1_000), round);
        if (marks.advance(conversation, user, mark)) {
          expected.put(conversation + user, mark);
        }
      }
      Message message = marks.next(3);
      if (message != null && random.nextInt(4) == 0) {
        marks.failed(message);
      } else if (message != null) {
        log.put(++position, message.bytes());
        log.headMap(marks.stored(message, position)).clear();
      }
    }
    for (Message rest = marks.next(1_000); rest != null; rest = marks.next(1_000)) {
      log.put(++position, rest.bytes());
      log.headMap(marks.stored(rest, position)).clear();
    }

    ReadMarks folded = new ReadMarks();
    for (Map.Entry<Long, byte[]> message : log.entrySet()) {
      folded.fold(message.getValue(), message.getKey());
    }
    for (int c = 0; c < 5; c++) {
      assertThat(folded.of("c" + c)).isEqualTo(marks.of("c" + c));
      for (int u = 0; u < 8; u++) {
        assertThat(folded.get("c" + c, "u" + u)).isEqualTo(expected.getOrDefault("c" + c + "u" + u, Mark.NONE));
      }
    }
    assertThat(folded.clean()).isTrue();
    assertThat(log).hasSizeLessThan(5);
  }
}
