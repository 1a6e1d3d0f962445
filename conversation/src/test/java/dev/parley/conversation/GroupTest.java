package dev.parley.conversation;

import static dev.parley.v1.ErrorReason.ERROR_REASON_CONVERSATION_EXISTS;
import static dev.parley.v1.ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND;
import static dev.parley.v1.ErrorReason.ERROR_REASON_LAST_OWNER;
import static dev.parley.v1.ErrorReason.ERROR_REASON_LIMIT_EXCEEDED;
import static dev.parley.v1.ErrorReason.ERROR_REASON_MEMBER_NOT_FOUND;
import static dev.parley.v1.ErrorReason.ERROR_REASON_NOT_A_MEMBER;
import static dev.parley.v1.ErrorReason.ERROR_REASON_ROLE_NOT_ALLOWED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.ConversationCreated;
import dev.parley.v1.Event;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.Role;
import java.util.List;
import org.junit.jupiter.api.Test;

class GroupTest {
  @Test
  void whoCreatesAGroupOwnsIt() {
    Talk talk = Talk.group("bob", "ann", "cid");

    assertThat(talk.memberIds()).containsExactly("ann", "bob", "cid");
    assertThat(talk.member("ann").role()).isEqualTo(Role.ROLE_OWNER);
    assertThat(talk.member("bob").role()).isEqualTo(Role.ROLE_MEMBER);
    assertThat(talk.events.getFirst().getCreated().getMemberIdsList()).containsExactly("bob", "cid");
  }

  @Test
  void policiesThatAreNotNamedAreTheCareful() {
    Talk talk = Talk.group(HistoryPolicy.HISTORY_POLICY_UNSPECIFIED, JoinPolicy.JOIN_POLICY_UNSPECIFIED);

    ConversationCreated created = talk.events.getFirst().getCreated();
    assertThat(created.getHistoryPolicy()).isEqualTo(HistoryPolicy.HISTORY_POLICY_FROM_JOIN);
    assertThat(created.getJoinPolicy()).isEqualTo(JoinPolicy.JOIN_POLICY_INVITE_ONLY);
  }

  @Test
  void anIdIsTakenOnce() {
    Talk talk = Talk.group("bob");
    var again = Commands.group(HistoryPolicy.HISTORY_POLICY_ALL, JoinPolicy.JOIN_POLICY_OPEN);

    assertThat(talk.refused("ann", again)).isEqualTo(ERROR_REASON_CONVERSATION_EXISTS);
    assertThat(talk.refused("eve", again)).isEqualTo(ERROR_REASON_CONVERSATION_EXISTS);
  }

  @Test
  void toAStrangerNothingExists() {
    Talk talk = Talk.group("bob");
    Talk nowhere = new Talk(Talk.GROUP);

    for (var command : List.of(
        Commands.message("m"), Commands.join(), Commands.leave(), Commands.add("x"), Commands.delete(1))) {
      Refusal foreign = Talk.refusal(talk.decide("eve", command.clone()));
      assertThat(foreign.reason()).isEqualTo(ERROR_REASON_CONVERSATION_NOT_FOUND);
      assertThat(Talk.refusal(nowhere.decide("eve", command.clone()))).isEqualTo(foreign);
    }
  }

  @Test
  void adminsAddAndThoseWhoAreMembersStayAsTheyAre() {
    Talk talk = Talk.group("bob");

    assertThat(talk.refused("bob", Commands.add("cid"))).isEqualTo(ERROR_REASON_ROLE_NOT_ALLOWED);
    talk.done("ann", Commands.role("bob", Role.ROLE_ADMIN));
    Event added = talk.done("bob", Commands.add("cid", "ann", "dan"));

    assertThat(added.getMembersAdded().getUserIdsList()).containsExactly("cid", "dan");
    assertThat(talk.state.memberCount()).isEqualTo(4);
    assertThat(talk.member("ann").role()).isEqualTo(Role.ROLE_OWNER);
  }

  @Test
  void addingMembersOnlyIsAnEventThatChangesNothing() {
    Talk talk = Talk.group("bob");

    Event added = talk.done("ann", Commands.add("bob"));

    assertThat(added.getMembersAdded().getUserIdsList()).isEmpty();
    assertThat(talk.state.memberCount()).isEqualTo(2);
  }

  @Test
  void anAdminRemovesMembersButNoAdminAndNoOwner() {
    Talk talk = Talk.group("bob", "cid", "dan");
    talk.done("ann", Commands.role("bob", Role.ROLE_ADMIN));
    talk.done("ann", Commands.role("cid", Role.ROLE_ADMIN));

    assertThat(talk.refused("bob", Commands.remove("cid"))).isEqualTo(ERROR_REASON_ROLE_NOT_ALLOWED);
    assertThat(talk.refused("bob", Commands.remove("ann"))).isEqualTo(ERROR_REASON_ROLE_NOT_ALLOWED);
    assertThat(talk.refused("dan", Commands.remove("bob"))).isEqualTo(ERROR_REASON_ROLE_NOT_ALLOWED);
    assertThat(talk.refused("bob", Commands.remove("eve"))).isEqualTo(ERROR_REASON_MEMBER_NOT_FOUND);
    talk.done("bob", Commands.remove("dan"));
    talk.done("ann", Commands.remove("cid"));

    assertThat(talk.memberIds()).containsExactly("ann", "bob");
  }

  @Test
  void anOwnerRemovesAnotherOwner() {
    Talk talk = Talk.group("bob");
    talk.done("ann", Commands.role("bob", Role.ROLE_OWNER));

    talk.done("bob", Commands.remove("ann"));

    assertThat(talk.state.ownerCount()).isEqualTo(1);
  }

  @Test
  void onlyOwnersGiveRoles() {
    Talk talk = Talk.group("bob", "cid");
    talk.done("ann", Commands.role("bob", Role.ROLE_ADMIN));

    assertThat(talk.refused("bob", Commands.role("cid", Role.ROLE_ADMIN))).isEqualTo(ERROR_REASON_ROLE_NOT_ALLOWED);
    assertThat(talk.refused("ann", Commands.role("eve", Role.ROLE_ADMIN))).isEqualTo(ERROR_REASON_MEMBER_NOT_FOUND);
  }

  @Test
  void theLastOwnerNamesAnotherBeforeGoing() {
    Talk talk = Talk.group("bob");

    assertThat(talk.refused("ann", Commands.leave())).isEqualTo(ERROR_REASON_LAST_OWNER);
    assertThat(talk.refused("ann", Commands.role("ann", Role.ROLE_MEMBER))).isEqualTo(ERROR_REASON_LAST_OWNER);
    talk.done("ann", Commands.role("bob", Role.ROLE_OWNER));
    talk.done("ann", Commands.leave());

    assertThat(talk.memberIds()).containsExactly("bob");
  }

  @Test
  void anOwnerWhoIsAloneLeaves() {
    Talk talk = Talk.group("bob");
    talk.done("bob", Commands.leave());

    talk.done("ann", Commands.leave());

    assertThat(talk.state.memberCount()).isZero();
  }

  @Test
  void aFormerMemberWritesNothing() {
    Talk talk = Talk.group("bob", "cid");
    talk.done("bob", Commands.leave());
    talk.done("ann", Commands.remove("cid"));

    assertThat(talk.refused("bob", Commands.message("m"))).isEqualTo(ERROR_REASON_NOT_A_MEMBER);
    assertThat(talk.refused("cid", Commands.rename("t"))).isEqualTo(ERROR_REASON_NOT_A_MEMBER);
    assertThat(talk.refused("cid", Commands.leave())).isEqualTo(ERROR_REASON_NOT_A_MEMBER);
  }

  @Test
  void anybodyJoinsAnOpenGroupUnlessRemoved() {
    Talk talk = Talk.group(HistoryPolicy.HISTORY_POLICY_FROM_JOIN, JoinPolicy.JOIN_POLICY_OPEN, "bob", "cid");
    talk.done("eve", Commands.join());
    talk.done("bob", Commands.leave());
    talk.done("ann", Commands.remove("cid"));

    talk.done("bob", Commands.join());
    assertThat(talk.refused("cid", Commands.join())).isEqualTo(ERROR_REASON_ROLE_NOT_ALLOWED);
    talk.done("ann", Commands.add("cid"));
    talk.done("cid", Commands.leave());
    talk.done("cid", Commands.join());

    assertThat(talk.memberIds()).containsExactly("ann", "bob", "cid", "eve");
  }

  @Test
  void whoWasRemovedCannotTellWhetherTheGroupIsOpen() {
    Talk open = Talk.group(HistoryPolicy.HISTORY_POLICY_FROM_JOIN, JoinPolicy.JOIN_POLICY_OPEN, "bob");
    Talk closed = Talk.group("bob");
    open.done("ann", Commands.remove("bob"));
    closed.done("ann", Commands.remove("bob"));

    assertThat(open.decide("bob", Commands.join())).isEqualTo(closed.decide("bob", Commands.join()));
  }

  @Test
  void joiningAsAMemberKeepsRoleAndRanges() {
    Talk talk = Talk.group(HistoryPolicy.HISTORY_POLICY_FROM_JOIN, JoinPolicy.JOIN_POLICY_OPEN);
    Membership before = talk.state.member("ann");

    talk.done("ann", Commands.join());

    assertThat(talk.state.member("ann")).isEqualTo(before);
  }

  @Test
  void adminsRename() {
    Talk talk = Talk.group("bob");

    assertThat(talk.refused("bob", Commands.rename("bob's"))).isEqualTo(ERROR_REASON_ROLE_NOT_ALLOWED);
    talk.done("ann", Commands.rename("ann's"));

    assertThat(talk.state.title()).isEqualTo("ann's");
  }

  @Test
  void membersFormerMembersAndStaysAreLimited() {
    Talk talk = Talk.group(HistoryPolicy.HISTORY_POLICY_FROM_JOIN, JoinPolicy.JOIN_POLICY_OPEN);
    talk.limits = new ConversationLimits(3, 4, 2, 2, 1, 1000, 256, 128);
    talk.done("ann", Commands.add("bob", "cid"));

    assertThat(talk.refused("dan", Commands.join())).isEqualTo(ERROR_REASON_LIMIT_EXCEEDED);
    talk.done("bob", Commands.leave());
    talk.done("dan", Commands.join());
    talk.done("dan", Commands.leave());
    assertThat(talk.refused("eve", Commands.join())).isEqualTo(ERROR_REASON_LIMIT_EXCEEDED);
    talk.done("bob", Commands.join());
    talk.done("bob", Commands.leave());
    Refusal refusal = Talk.refusal(talk.decide("ann", Commands.add("bob")));
    assertThat(refusal.metadata().get("limit")).isEqualTo("2");
  }

  @Test
  void membersAreListedInPages() {
    Talk talk = Talk.group("dan", "bob", "cid");
    talk.done("bob", Commands.leave());

    assertThat(Talk.ids(talk.state.members("", 2))).containsExactly("ann", "cid");
    assertThat(Talk.ids(talk.state.members("cid", 2))).containsExactly("dan");
  }
}
