package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.get;
import static dev.parley.cli.stack.Deeds.knowing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.v1.Cursor;
import dev.parley.v1.ResetReason;
import dev.parley.v1.Stored;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The beginning of a shard's log is trimmed while people use it. */
class TrimmingIT {
  private static final int MESSAGES = 600;

  @TempDir Path data;

  @Test
  void whoWasAwayIsToldOfTheGapAndGetsExactlyWhatIsLeftAlsoFromARouterThatKnowsNothing() throws Exception {
    try (LiveStack parley = new LiveStack(data);
        JetStreamBroker broker = JetStreamBroker.open(parley.operatorOfBroker())) {
      Device ann = parley.connect("ann", "phone");
      Device ben = parley.connect("ben", "phone");
      String id = get(ann.session().createDirect("ben"));
      get(ben.session().sendText(id, "I am off"));
      ben.heard().awaitSeq(id, 2);
      Cursor left = ben.heard().cursor(id);
      ben.session().close();
      Map<Long, Long> positions = new HashMap<>();
      for (int i = 0; i < MESSAGES; i += 20) {
        CompletableFuture<Stored> last = new CompletableFuture<>();
        for (int j = 0; j < 20; j++) {
          last = ann.session().sendText(id, "message " + "x".repeat(400));
        }
        Cursor stored = get(last).getCursor();
        positions.put(stored.getSeq(), stored.getPosition());
      }
      await().until(() -> get(broker.table(TableName.SNAPSHOTS).get(id + ".a")) != null);
      var log = broker.shard(ConversationIds.shardOf(id, Layout.ONE_NODE.shards()));

      get(log.trim(Objects.requireNonNull(positions.get(122L)) + 1));
      comesBack(parley, ann, id, left, 123);
      get(log.trim(Objects.requireNonNull(positions.get(222L)) + 1));
      parley.crashRouter();
      comesBack(parley, ann, id, left, 223);
      assertThat(ann.heard().resets).isEmpty();
    }
  }

  private static void comesBack(LiveStack parley, Device ann, String id, Cursor left, long first) throws Exception {
    Device ben = parley.connect("ben", knowing("phone", id, left));
    long head = get(ann.session().sendText(id, "there you are")).getCursor().getSeq();
    ben.heard().awaitSeq(id, head);

    assertThat(ben.heard().resets).singleElement().satisfies(reset -> {
      assertThat(reset.getReason()).isEqualTo(ResetReason.RESET_REASON_TRIMMED);
      assertThat(reset.getNext().getSeq()).isEqualTo(first - 1);
    });
    assertThat(ben.heard().seqs(id)).isEqualTo(LongStream.rangeClosed(first, head).boxed().toList());
    assertThat(ben.heard().violations).isEmpty();
    ben.session().close();
  }
}
