package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConversationIdsTest {
  @Test
  void twoUsersHaveOneDirectConversationWhoeverIsNamedFirst() {
    assertThat(ConversationIds.direct("ann", "bob")).isEqualTo(ConversationIds.direct("bob", "ann"));
    assertThat(ConversationIds.direct("ann", "bob")).isNotEqualTo(ConversationIds.direct("annb", "ob"));
    assertThat(ConversationIds.direct("ann", "ann")).isNotEqualTo(ConversationIds.direct("ann", "bob"));
  }

  /** Computed with another implementation of SHA-256: a change here would lose every direct conversation there is. */
  @Test
  void aDirectConversationsIdIsWhatItAlwaysWas() {
    assertThat(ConversationIds.direct("ann", "bob")).isEqualTo("8c96edea-cdda-84cf-ab19-82a4b258d388");
    assertThat(ConversationIds.shardOf("8c96edea-cdda-84cf-ab19-82a4b258d388", 16)).isEqualTo(15);
  }

  @Test
  void theVersionTellsWhereAnIdComesFrom() {
    String direct = ConversationIds.direct("ann", "bob");

    assertThat(ConversationIds.isDirect(direct)).isTrue();
    assertThat(ConversationIds.isClientMade(direct)).isFalse();
    assertThat(ConversationIds.isClientMade(Talk.GROUP)).isTrue();
    assertThat(ConversationIds.isDirect(Talk.GROUP)).isFalse();
  }

  @Test
  void onlyCanonicalTextIsAnId() {
    assertThat(ConversationIds.isUuid("01900000-0000-7000-8000-00000000000a")).isTrue();
    assertThat(ConversationIds.isUuid("01900000-0000-7000-8000-00000000000A")).isFalse();
    assertThat(ConversationIds.isUuid("01900000-0000-7000-c000-00000000000a")).isFalse();
    assertThat(ConversationIds.isUuid("0190000000007000800000000000000a")).isFalse();
    assertThat(ConversationIds.isUuid("01900000-0000-7000-8000-0000000000.>")).isFalse();
    assertThat(ConversationIds.isUuid("")).isFalse();
  }
}
