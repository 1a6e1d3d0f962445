package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.router.shard.ReadMarks.Mark;
import dev.parley.router.shard.ReadMarks.Message;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Random marks over a log some of whose appends fail, from fixed seeds. */
class ReadMarksIT {
  private static final int SEEDS = 50;
  private static final int ROUNDS = 400;
  private static final int CONVERSATIONS = 5;
  private static final int USERS = 8;

  @Test
  void theLogFoldsToWhatIsInMemoryAndStaysShortWhenItIsTrimmed() throws Exception {
    for (long seed = 1; seed <= SEEDS; seed++) {
      ReadMarks marks = new ReadMarks();
      TreeMap<Long, byte[]> log = new TreeMap<>();
      Map<String, Mark> expected = markAtRandom(new Random(seed), marks, log);

      ReadMarks folded = new ReadMarks();
      for (Map.Entry<Long, byte[]> message : log.entrySet()) {
        folded.fold(message.getValue(), message.getKey());
      }
      for (int c = 0; c < CONVERSATIONS; c++) {
        assertThat(folded.of("c" + c)).as("seed " + seed).isEqualTo(marks.of("c" + c));
        for (int u = 0; u < USERS; u++) {
          assertThat(folded.get("c" + c, "u" + u)).isEqualTo(expected.getOrDefault("c" + c + "u" + u, Mark.NONE));
        }
      }
      assertThat(folded.clean()).isTrue();
      assertThat(log).as("seed " + seed).hasSizeLessThan(5);
    }
  }

  /** Gives each user's newest mark; all of them are on the log at the end. */
  private static Map<String, Mark> markAtRandom(Random random, ReadMarks marks, TreeMap<Long, byte[]> log) {
    Map<String, Mark> newest = new HashMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < 4; i++) {
        String conversation = "c" + random.nextInt(CONVERSATIONS);
        String user = "u" + random.nextInt(USERS);
        Mark mark = new Mark(1 + random.nextInt(1_000), round);
        if (marks.advance(conversation, user, mark)) {
          newest.put(conversation + user, mark);
        }
      }
      Message message = marks.next(3);
      if (message != null && random.nextInt(4) == 0) {
        marks.failed(message);
      } else if (message != null) {
        store(message, marks, log);
      }
    }
    for (Message rest = marks.next(1_000); rest != null; rest = marks.next(1_000)) {
      store(rest, marks, log);
    }
    return newest;
  }

  private static void store(Message message, ReadMarks marks, TreeMap<Long, byte[]> log) {
    long position = log.isEmpty() ? 1 : log.lastKey() + 1;
    log.put(position, message.bytes());
    log.headMap(marks.stored(message, position)).clear();
  }
}
