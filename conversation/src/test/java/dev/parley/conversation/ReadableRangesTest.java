package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.Conversation;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.Role;
import dev.parley.v1.SeqRange;
import org.junit.jupiter.api.Test;

class ReadableRangesTest {
  @Test
  void aRemovedMemberSeesTheRemovalAndNothingAfter() {
    Talk talk = Talk.group("bob");
    talk.messages("ann", 2);
    talk.done("ann", Commands.remove("bob"));
    talk.messages("ann", 2);

    assertThat(talk.state.readable("bob")).containsExactly(range(1, 4));
    assertThat(talk.state.readableHead("bob")).isEqualTo(4);
    assertThat(talk.member("bob").canRead(5)).isFalse();
  }

  @Test
  void whoLeavesAndComesBackHasTwoRanges() {
    Talk talk = Talk.group("bob");
    talk.done("bob", Commands.leave());
    talk.messages("ann", 3);
    talk.done("ann", Commands.add("bob"));
    talk.messages("ann", 1);

    assertThat(talk.state.readable("bob")).containsExactly(range(1, 2), range(6, 0));
    assertThat(talk.state.readableHead("bob")).isEqualTo(7);
    assertThat(talk.member("bob").joinedSeq()).isEqualTo(6);
  }

  @Test
  void withTheWholeHistoryOpenANewMemberReadsFromTheBeginning() {
    Talk talk = Talk.group(HistoryPolicy.HISTORY_POLICY_ALL, JoinPolicy.JOIN_POLICY_OPEN, "bob");
    talk.messages("ann", 2);
    talk.done("cid", Commands.join());
    talk.done("bob", Commands.leave());
    talk.done("bob", Commands.join());

    assertThat(talk.state.readable("cid")).containsExactly(range(1, 0));
    assertThat(talk.state.readable("bob")).containsExactly(range(1, 0));
    assertThat(talk.state.unread("cid", 0, 0)).isEqualTo(2);
  }

  @Test
  void aStrangerReadsNothing() {
    Talk talk = Talk.group("bob");

    assertThat(talk.state.readable("eve")).isEmpty();
    assertThat(talk.state.readableHead("eve")).isZero();
    assertThat(talk.state.unread("eve", 0, 0)).isZero();
  }

  @Test
  void unreadCountsMessagesAfterTheMarkWithinTheRanges() {
    Talk talk = Talk.group("bob");
    talk.messages("ann", 3);
    talk.done("bob", Commands.leave());
    talk.messages("ann", 5);
    talk.done("ann", Commands.add("bob"));
    talk.messages("ann", 2);
    talk.done("ann", Commands.rename("not a message"));

    assertThat(talk.state.unread("bob", 0, 0)).isEqualTo(3 + 2);
    assertThat(talk.state.unread("bob", 3, 2)).isEqualTo(1 + 2);
    assertThat(talk.state.unread("bob", 7, 5)).isEqualTo(2);
    assertThat(talk.state.unread("bob", 12, 9)).isEqualTo(1);
    assertThat(talk.state.unread("bob", talk.state.headSeq(), 10)).isZero();
  }

  @Test
  void aFormerMembersConversationEndsAtTheRemoval() {
    Talk talk = Talk.group("bob");
    talk.messages("ann", 1);
    talk.done("ann", Commands.remove("bob"));
    talk.messages("ann", 1);

    Conversation bobs = talk.state.describe("bob", 1, 0);
    Conversation anns = talk.state.describe("ann", 1, 0);

    assertThat(bobs.getHead().getSeq()).isEqualTo(3);
    assertThat(bobs.getRole()).isEqualTo(Role.ROLE_UNSPECIFIED);
    assertThat(bobs.getUnreadCount()).isEqualTo(1);
    assertThat(anns.getHead()).isEqualTo(talk.state.cursor());
    assertThat(anns.getHead().getPosition()).isEqualTo(Talk.position(4));
    assertThat(anns.getUnreadCount()).isEqualTo(2);
  }

  private static SeqRange range(long first, long last) {
    return SeqRange.newBuilder().setFirstSeq(first).setLastSeq(last).build();
  }
}
