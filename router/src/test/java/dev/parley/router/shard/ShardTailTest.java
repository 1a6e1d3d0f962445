package dev.parley.router.shard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Event;
import dev.parley.v1.Message;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ShardTailTest {
  private final ShardTail tail = new ShardTail(6_000);
  private long position;

  private ByteString add(String conversation, long firstSeq, int events, int bytes) {
    LogRecord.Builder record = LogRecord.newBuilder().setConversationId(conversation).setFirstSeq(firstSeq);
    for (int i = 0; i < events; i++) {
      record.addEvents(Event.newBuilder().setSeq(firstSeq + i).build().toByteString());
    }
    record.setRecordId(ByteString.copyFrom(new byte[bytes]));
    LogRecord built = record.build();
    tail.add(new CommittedRecord(built, built.toByteString(), ++position, null));
    return built.toByteString();
  }

  private static @Nullable List<Long> firstSeqs(@Nullable List<CommittedRecord> records) {
    return records == null ? null : records.stream().map(CommittedRecord::firstSeq).toList();
  }

  @Test
  void readsFromTheRecordThatHoldsTheSeq() {
    add("a", 1, 3, 10);
    add("b", 1, 1, 10);
    add("a", 4, 2, 10);
    add("a", 6, 1, 10);

    assertThat(firstSeqs(tail.from("a", 3, 100, 10_000))).containsExactly(1L, 4L, 6L);
    assertThat(firstSeqs(tail.from("a", 4, 100, 10_000))).containsExactly(4L, 6L);
    assertThat(firstSeqs(tail.from("b", 1, 100, 10_000))).containsExactly(1L);
  }

  @Test
  void anAnswerIsBoundedButNeverEmpty() {
    add("a", 1, 3, 1_000);
    add("a", 4, 3, 1_000);

    assertThat(firstSeqs(tail.from("a", 1, 2, 10_000))).containsExactly(1L);
    assertThat(firstSeqs(tail.from("a", 1, 5, 10_000))).containsExactly(1L);
    assertThat(firstSeqs(tail.from("a", 1, 6, 500))).containsExactly(1L);
    assertThat(firstSeqs(tail.from("a", 1, 6, 10_000))).containsExactly(1L, 4L);
  }

  @Test
  void saysWhenItDoesNotReachBackSoFar() {
    add("a", 10, 1, 10);

    assertThat(tail.from("a", 9, 100, 10_000)).isNull();
    assertThat(tail.from("unknown", 1, 100, 10_000)).isNull();
    assertThat(tail.find("a", 9)).isNull();
    assertThat(tail.after("unknown", 0)).isEmpty();
  }

  @Test
  void theOldestRecordsGoFirst() {
    for (int i = 1; i <= 4; i++) {
      add("a", i, 1, 2_000);
      add("b", i, 1, 10);
    }

    assertThat(tail.find("a", 1)).isNull();
    assertThat(tail.find("b", 1)).isNull();
    assertThat(firstSeqs(tail.from("a", 4, 100, 100_000))).containsExactly(4L);
    assertThat(tail.find("b", 4)).isNotNull();
  }

  @Test
  void givesWhatLiesBehindASeqAsFarAsItReaches() {
    add("a", 10, 3, 10);
    add("b", 1, 1, 10);
    add("a", 13, 1, 10);

    assertThat(firstSeqs(tail.after("a", 0))).containsExactly(10L, 13L);
    assertThat(firstSeqs(tail.after("a", 12))).containsExactly(13L);
    assertThat(firstSeqs(tail.after("a", 13))).isEmpty();
  }

  @Test
  void findsTheRecordOfAnEvent() {
    add("a", 1, 3, 10);
    add("a", 4, 2, 10);

    assertThat(Objects.requireNonNull(tail.find("a", 3)).firstSeq()).isEqualTo(1);
    assertThat(Objects.requireNonNull(tail.find("a", 4)).firstSeq()).isEqualTo(4);
    assertThat(tail.find("a", 6)).isNull();
  }

  @Test
  void whatItHoldsIsWhatWasAddedHoweverOftenTheOldestGo() {
    Random random = new Random(7);
    Map<String, TreeMap<Long, ByteString>> added = new HashMap<>();
    long held = 0;
    for (int i = 0; i < 400; i++) {
      String conversation = "c" + random.nextInt(5);
      TreeMap<Long, ByteString> before = added.computeIfAbsent(conversation, id -> new TreeMap<>());
      long seq = before.size() + 1L;
      before.put(seq, add(conversation, seq, 1, random.nextInt(900)));
      if (i % 20 == 19) {
        tail.forget("c" + random.nextInt(5));
      }
      for (Map.Entry<String, TreeMap<Long, ByteString>> of : added.entrySet()) {
        List<CommittedRecord> found = tail.after(of.getKey(), 0);
        held += found.size();
        List<ByteString> newest = of.getValue().descendingMap().values().stream().limit(found.size()).toList();
        assertThat(found.stream().map(CommittedRecord::encoded)).containsExactlyElementsOf(newest.reversed());
      }
    }
    assertThat(held).as("about ten at a time").isGreaterThan(400 * 5);
  }

  @Test
  void aDeletedBodyIsGoneAndTheRestStays() {
    long before = position;
    addMessage("a", 1, "kept");
    addMessage("a", 2, "a secret that nobody may read any more");
    addMessage("b", 1, "another");

    tail.cut("a", 2);

    CommittedRecord cut = Objects.requireNonNull(tail.find("a", 2));
    assertThat(cut.events().getFirst().getDeleted()).isTrue();
    assertThat(new String(tail.ring, UTF_8)).contains("kept").doesNotContain("secret");
    assertThat(cut.position()).isEqualTo(before + 2);
    assertThat(text("a", 1)).isEqualTo("kept");
    addMessage("a", 3, "next");
    assertThat(text("a", 3)).isEqualTo("next");
    assertThat(text("b", 1)).isEqualTo("another");
    assertThat(firstSeqs(tail.after("a", 0))).containsExactly(1L, 2L, 3L);
  }

  @Test
  void whatIsHeldNoLongerIsNotInMemory() {
    addMessage("a", 1, "evicted");
    addMessage("b", 1, "forgotten");
    addMessage("c", 1, "stays");
    tail.forget("b");
    assertThat(new String(tail.ring, UTF_8)).contains("evicted", "stays").doesNotContain("forgotten");

    add("c", 2, 1, 5_200);
    assertThat(new String(tail.ring, UTF_8)).contains("stays").doesNotContain("evicted");

    tail.clear();
    assertThat(tail.ring).containsOnly(0);
  }

  @Test
  void aRecordThatIsTooLargeIsNotKeptNorIsWhatWasBeforeIt() {
    add("a", 1, 1, 10);
    add("a", 2, 1, 10_000);
    add("a", 3, 1, 10);

    assertThat(firstSeqs(tail.after("a", 0))).containsExactly(3L);
    assertThat(tail.from("a", 2, 100, 10_000)).isNull();
  }

  private void addMessage(String conversation, long seq, String text) {
    Event event = Event.newBuilder().setSeq(seq).setMessage(Message.newBuilder().setText(text)).build();
    LogRecord record =
        LogRecord.newBuilder()
            .setConversationId(conversation)
            .setFirstSeq(seq)
            .addEvents(event.toByteString())
            .build();
    tail.add(new CommittedRecord(record, record.toByteString(), ++position, null));
  }

  private String text(String conversation, long seq) {
    return Objects.requireNonNull(tail.find(conversation, seq)).event(seq).getMessage().getText();
  }
}
