package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.router.Say;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MarksIT {
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
