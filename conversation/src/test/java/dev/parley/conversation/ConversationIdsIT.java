package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConversationIdsIT {
  private static final int SHARDS = 16;
  private static final int EACH = 1_000;

  @Test
  void conversationsSpreadEvenlyOverAllShards() {
    int[] conversations = new int[SHARDS];
    for (int i = 0; i < SHARDS * EACH; i++) {
      conversations[ConversationIds.shardOf(ConversationIds.direct("ann", Integer.toString(i)), SHARDS)]++;
    }

    for (int inShard : conversations) {
      assertThat(inShard).isBetween(EACH * 8 / 10, EACH * 12 / 10);
    }
  }
}
