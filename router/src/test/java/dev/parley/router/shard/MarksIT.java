package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.MarkLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.router.ManualTime;
import dev.parley.router.Say;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Receipt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MarksIT {
  private final MemoryBroker broker = new MemoryBroker(new Layout(1, 1, 1));
  private final ManualTime time = new ManualTime();
  private final FailingMarks log = new FailingMarks(broker.marks());
  private final ShardRig shard = rig().start().withGroup();

  private ShardRig rig() {
    return new ShardRig(broker, time, ShardRig.LIMITS, log);
  }

  /** Read marks that cannot be reached for a while. */
  private static final class FailingMarks implements MarkLog {
    private final MarkLog marks;
    int failures;
    int appends;

    FailingMarks(MarkLog marks) {
      this.marks = marks;
    }

    private <T> CompletableFuture<T> unless(CompletableFuture<T> answer) {
      if (failures == 0) {
        return answer;
      }
      failures--;
      return CompletableFuture.failedFuture(new LogException(LogException.Kind.UNKNOWN, "as the test says"));
    }

    @Override
    public CompletableFuture<Long> append(int shard, byte[] message) {
      appends++;
      return unless(marks.append(shard, message));
    }

    @Override
    public CompletableFuture<Void> readAll(int shard, Consumer<StoredRecord> reader) {
      return failures == 0 ? marks.readAll(shard, reader) : unless(new CompletableFuture<>());
    }

    @Override
    public CompletableFuture<Void> trim(int shard, long firstKept) {
      return marks.trim(shard, firstKept);
    }
  }

  private MarkAnswer mark(ShardRig rig, String user, long seq) {
    List<MarkAnswer> answers = new ArrayList<>();
    rig.marks.mark(user, Say.GROUP, seq, answers::add);
    assertThat(answers).hasSize(1);
    return answers.getFirst();
  }

  private void messages(int count) {
    for (int i = 0; i < count; i++) {
      shard.ask("ann", Say.message("m")).stored();
    }
  }

  private void follow(String user) {
    assertThat(shard.follows.follow(Say.GROUP, user, null, false, 0).join())
        .isInstanceOf(FollowAnswer.Following.class);
  }

  @Test
  void unreadCountsTheMessagesAfterTheMark() {
    messages(4);

    assertThat(mark(shard, "bob", 3)).isEqualTo(new MarkAnswer.Marked(3, 2));
    assertThat(mark(shard, "bob", 2)).isEqualTo(new MarkAnswer.Marked(3, 2));
    assertThat(mark(shard, "bob", 1_000)).isEqualTo(new MarkAnswer.Marked(5, 0));
  }

  @Test
  void aStrangersMarkIsRefusedLikeThatOfNoConversation() {
    assertThat(mark(shard, "eve", 1)).isInstanceOfSatisfying(MarkAnswer.Refused.class, refused ->
        assertThat(refused.refusal().reason()).isEqualTo(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND));
  }

  @Test
  void marksOfATimeAreOneMessageAndOneReceiptEach() {
    follow("ann");
    messages(3);
    mark(shard, "bob", 2);
    mark(shard, "bob", 4);
    mark(shard, "ann", 4);
    assertThat(shard.marks.quiet()).isFalse();
    shard.marks.flush();
    shard.marks.flush();

    assertThat(log.appends).isEqualTo(1);
    assertThat(shard.heard.receipts).extracting(Receipt::getUserId).containsExactly("bob", "ann");
    assertThat(shard.heard.receipts).extracting(Receipt::getReadSeq).containsOnly(4L);
    assertThat(shard.marks.quiet()).isTrue();
  }

  @Test
  void marksAreThereAfterARestartEvenIfTheFirstReadFails() {
    messages(3);
    mark(shard, "bob", 3);
    log.failures = 1;
    shard.marks.flush();
    assertThat(shard.marks.quiet()).isFalse();
    shard.marks.flush();

    log.failures = 2;
    ShardRig later = rig().start();
    CompletableFuture<FollowAnswer> answer = later.follows.follow(Say.GROUP, "bob", null, false, 0);
    assertThat(answer).isNotDone();
    time.advance(Duration.ofSeconds(1));
    assertThat(answer.join()).isInstanceOfSatisfying(FollowAnswer.Following.class, following -> {
      assertThat(following.readSeq()).isEqualTo(3);
      assertThat(following.unreadCount()).isEqualTo(1);
    });
  }

  /** A group above the size in which receipts go by name, which ann follows. */
  private static ShardRig crowd(int members) {
    String[] others = IntStream.range(0, members).mapToObj(i -> "user " + i).toArray(String[]::new);
    ShardRig large = new ShardRig().start();
    large.ask("ann", Say.OTHER, Say.group(others)).stored();
    large.follows.follow(Say.OTHER, "ann", null, false, 0).join();
    return large;
  }

  private static long say(ShardRig rig, String user) {
    return rig.ask(user, Say.OTHER, Say.message("m")).seq();
  }

  /** What the authors hear after these have read so far, as {@code author seq:readers}. */
  private static List<String> heardWhen(ShardRig rig, long seq, String... readers) {
    for (String reader : readers) {
      rig.marks.mark(reader, Say.OTHER, seq, answer -> {});
    }
    rig.heard.receipts.clear();
    rig.heard.receiptsOnlyFor.clear();
    rig.marks.flush();
    List<String> heard = new ArrayList<>();
    for (int i = 0; i < rig.heard.receipts.size(); i++) {
      Receipt receipt = rig.heard.receipts.get(i);
      assertThat(receipt.getUserId()).isEmpty();
      heard.add(rig.heard.receiptsOnlyFor.get(i) + " " + receipt.getReadSeq() + ":" + receipt.getReaderCount());
    }
    return heard;
  }

  @Test
  void inALargeConversationTheAuthorsHearHowManyHaveRead() {
    ShardRig large = crowd(Marks.RECEIPTS_BY_NAME);
    say(large, "ann");

    assertThat(heardWhen(large, 2, "user 0", "user 1", "user 2")).containsExactly("ann 2:3");
    say(large, "user 7");
    assertThat(heardWhen(large, 2, "user 3", "user 2")).containsExactly("ann 2:4", "user 7 3:0");
    assertThat(heardWhen(large, 3, "user 0", "user 4")).containsExactly("ann 2:5", "user 7 3:2");
    say(large, "ann");
    say(large, "ann");
    assertThat(heardWhen(large, 5, "user 0")).containsExactly("user 7 3:2", "ann 5:1");
  }

  @Test
  void inALargeConversationTheAuthorsLongestSilentHearNothingMore() {
    int authors = RecentAuthors.AUTHORS + 2;
    ShardRig large = crowd(authors);
    say(large, "ann");
    assertThat(heardWhen(large, 2, "user 0")).containsExactly("ann 2:1");
    for (int i = 0; i < authors; i++) {
      say(large, "user " + i);
    }

    assertThat(heardWhen(large, 100, "ann"))
        .hasSize(RecentAuthors.AUTHORS)
        .startsWith("user 2 5:1", "user 3 6:1")
        .endsWith("user " + (authors - 1) + " " + (authors + 2) + ":1");
  }
}
