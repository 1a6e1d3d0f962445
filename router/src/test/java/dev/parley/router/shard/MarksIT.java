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

  @Test
  void inALargeConversationTheAuthorHearsHowManyHaveRead() {
    String[] crowd = IntStream.range(0, Marks.RECEIPTS_BY_NAME + 1).mapToObj(i -> "user " + i).toArray(String[]::new);
    ShardRig large = new ShardRig().start();
    large.ask("ann", Say.OTHER, Say.group(crowd)).stored();
    large.follows.follow(Say.OTHER, "ann", null, false, 0).join();
    large.ask("ann", Say.OTHER, Say.message("m")).stored();
    for (int i = 0; i < 3; i++) {
      large.marks.mark("user " + i, Say.OTHER, 2, answer -> {});
    }
    large.marks.flush();

    assertThat(large.heard.receipts).singleElement().satisfies(receipt -> {
      assertThat(receipt.getReaderCount()).isEqualTo(3);
      assertThat(receipt.getReadSeq()).isEqualTo(2);
      assertThat(receipt.getUserId()).isEmpty();
    });
    assertThat(large.heard.receiptsOnlyFor).containsExactly("ann");
  }
}
