package dev.parley.conversation;

import static dev.parley.conversation.Talk.assertRepeated;
import static dev.parley.v1.ErrorReason.ERROR_REASON_USER_BLOCKED;
import static dev.parley.v1.ErrorReason.ERROR_REASON_WRONG_KIND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.Command;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Role;
import java.util.List;
import org.junit.jupiter.api.Test;

class DirectConversationTest {
  @Test
  void creatingItAgainFromEitherSideGivesTheSameOne() {
    Talk talk = Talk.direct("ann", "bob");

    assertRepeated(talk.decide("bob", Commands.direct("ann")), 1);
    assertRepeated(talk.decide("ann", Commands.direct("bob")), 1);
  }

  @Test
  void bothAreMembersAndSeeEachOtherAsPeers() {
    Talk talk = Talk.direct("bob", "ann");

    assertThat(talk.state.describe("ann", 0, 0).getPeerUserId()).isEqualTo("bob");
    assertThat(talk.state.describe("bob", 0, 0).getPeerUserId()).isEqualTo("ann");
    assertThat(talk.member("ann").role()).isEqualTo(Role.ROLE_MEMBER);
    assertThat(talk.member("bob").role()).isEqualTo(Role.ROLE_MEMBER);
  }

  @Test
  void aUserKeepsNotesToSelf() {
    Talk talk = Talk.direct("ann", "ann");

    talk.messages("ann", 1);

    assertThat(talk.state.memberCount()).isEqualTo(1);
    assertThat(talk.state.describe("ann", 0, 0).getPeerUserId()).isEqualTo("ann");
  }

  @Test
  void itHasNoMembersToChangeAndNoTitle() {
    Talk talk = Talk.direct("ann", "bob");
    List<Command.Builder> commands = List.of(
        Commands.add("cid"),
        Commands.remove("bob"),
        Commands.join(),
        Commands.leave(),
        Commands.role("bob", Role.ROLE_ADMIN),
        Commands.rename("us"));

    for (Command.Builder command : commands) {
      assertThat(talk.refused("ann", command)).isEqualTo(ERROR_REASON_WRONG_KIND);
    }
    assertThat(talk.refused("eve", Commands.join())).isEqualTo(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND);
  }

  @Test
  void blockedUsersNeitherBeginNorWrite() {
    Talk talk = new Talk(ConversationIds.direct("ann", "bob"));
    talk.facts = Facts.NONE.withBlocked(true);
    assertThat(talk.refused("ann", Commands.direct("bob"))).isEqualTo(ERROR_REASON_USER_BLOCKED);

    talk.facts = Facts.NONE;
    talk.done("ann", Commands.direct("bob"));
    Request first = talk.request("ann", Commands.message("hi"));
    talk.decide(first);
    talk.facts = Facts.NONE.withBlocked(true);

    assertThat(talk.refused("ann", Commands.message("hi?"))).isEqualTo(ERROR_REASON_USER_BLOCKED);
    assertThat(talk.refused("ann", Commands.edit(2, "hi?"))).isEqualTo(ERROR_REASON_USER_BLOCKED);
    assertThat(talk.refused("bob", Commands.react(2))).isEqualTo(ERROR_REASON_USER_BLOCKED);
    assertRepeated(talk.decide(first), 2);
    talk.done("ann", Commands.delete(2));
  }
}
