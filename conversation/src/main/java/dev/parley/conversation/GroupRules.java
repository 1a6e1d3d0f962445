package dev.parley.conversation;

import dev.parley.v1.AddMembers;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationCreated;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.CreateConversation;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.MemberJoined;
import dev.parley.v1.MemberLeft;
import dev.parley.v1.MemberRemoved;
import dev.parley.v1.MembersAdded;
import dev.parley.v1.Renamed;
import dev.parley.v1.Role;
import dev.parley.v1.RoleChanged;
import dev.parley.v1.SetMemberRole;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How conversations come into being, and what concerns a group's membership, roles and title. */
final class GroupRules {
  private GroupRules() {}

  /** The body of event 1. An existing direct conversation of this user was answered before. */
  static ConversationCreated created(
      ConversationState state, Request request, Facts facts, ConversationLimits limits) {
    CreateConversation create = request.command().getCreate();
    if (state.exists()) {
      throw Decider.refused(
          ErrorReason.ERROR_REASON_CONVERSATION_EXISTS, "this id is taken; a new group needs a new id");
    }
    List<String> others =
        create.getMemberIdsList().stream().filter(id -> !id.equals(request.userId())).toList();
    if (create.getKind() == ConversationKind.CONVERSATION_KIND_DIRECT) {
      if (facts.blocked()) {
        throw MessageRules.blocked();
      }
      return ConversationCreated.newBuilder()
          .setKind(ConversationKind.CONVERSATION_KIND_DIRECT)
          .setHistoryPolicy(HistoryPolicy.HISTORY_POLICY_ALL)
          .setJoinPolicy(JoinPolicy.JOIN_POLICY_INVITE_ONLY)
          .addAllMemberIds(others)
          .build();
    }
    if (others.size() + 1 > limits.members()) {
      throw new RefusedException(Refusal.limitExceeded("members", limits.members()));
    }
    boolean showsAll = create.getHistoryPolicy() == HistoryPolicy.HISTORY_POLICY_ALL;
    boolean isOpen = create.getJoinPolicy() == JoinPolicy.JOIN_POLICY_OPEN;
    return ConversationCreated.newBuilder()
        .setKind(ConversationKind.CONVERSATION_KIND_GROUP)
        .setTitle(create.getTitle())
        .setHistoryPolicy(showsAll ? HistoryPolicy.HISTORY_POLICY_ALL : HistoryPolicy.HISTORY_POLICY_FROM_JOIN)
        .setJoinPolicy(isOpen ? JoinPolicy.JOIN_POLICY_OPEN : JoinPolicy.JOIN_POLICY_INVITE_ONLY)
        .addAllMemberIds(others)
        .build();
  }

  /**
   * A join. To a stranger a group that is not open does not exist. A former member knows the group: one who was removed
   * is told the same whether it is open or not, and so is one who left a group that is not open.
   */
  static MemberJoined joined(ConversationState state, Request request, ConversationLimits limits) {
    Membership before = state.member(request.userId());
    boolean isOpen = !Decider.isDirect(state) && state.joinPolicy() == JoinPolicy.JOIN_POLICY_OPEN;
    if (before == null) {
      if (!isOpen) {
        throw Decider.notFound();
      }
    } else if (Decider.isDirect(state)) {
      throw wrongKind();
    } else if (!before.isCurrent() && (before.removed() || !isOpen)) {
      throw Decider.refused(
          ErrorReason.ERROR_REASON_ROLE_NOT_ALLOWED, "cannot join again; an admin or owner can add you");
    }
    checkRoom(state, List.of(request.userId()), limits);
    return MemberJoined.getDefaultInstance();
  }

  static Event decide(
      ConversationState state,
      Membership sender,
      Command command,
      ConversationLimits limits,
      Event.Builder event) {
    if (Decider.isDirect(state)) {
      throw wrongKind();
    }
    switch (command.getActionCase()) {
      case ADD_MEMBERS -> event.setMembersAdded(added(state, sender, command.getAddMembers(), limits));
      case REMOVE_MEMBER -> event.setMemberRemoved(removed(state, sender, command.getRemoveMember().getUserId()));
      case LEAVE -> event.setMemberLeft(left(state, sender));
      case SET_ROLE -> event.setRoleChanged(roleChanged(state, sender, command.getSetRole()));
      case RENAME -> {
        Decider.requirePermission(sender, Permission.RENAME);
        event.setRenamed(Renamed.newBuilder().setTitle(command.getRename().getTitle()));
      }
      default -> throw new IllegalArgumentException(command.getActionCase() + " is not about a group");
    }
    return event.build();
  }

  private static MembersAdded added(
      ConversationState state, Membership sender, AddMembers add, ConversationLimits limits) {
    Decider.requirePermission(sender, Permission.ADD_MEMBERS);
    List<String> added = add.getUserIdsList().stream()
        .filter(userId -> !isCurrent(state.member(userId)))
        .toList();
    checkRoom(state, added, limits);
    return MembersAdded.newBuilder().addAllUserIds(added).build();
  }

  private static MemberRemoved removed(ConversationState state, Membership sender, String userId) {
    Decider.requirePermission(sender, Permission.REMOVE_MEMBER);
    Membership target = memberNamed(state, userId);
    if (target.role() != Role.ROLE_MEMBER) {
      Decider.requirePermission(sender, Permission.REMOVE_ADMIN);
    }
    return MemberRemoved.newBuilder().setUserId(userId).build();
  }

  private static MemberLeft left(ConversationState state, Membership sender) {
    Decider.requirePermission(sender, Permission.LEAVE);
    if (state.memberCount() > 1) {
      requireAnotherOwner(state, sender);
    }
    return MemberLeft.getDefaultInstance();
  }

  private static RoleChanged roleChanged(ConversationState state, Membership sender, SetMemberRole change) {
    Decider.requirePermission(sender, Permission.SET_ROLE);
    Membership target = memberNamed(state, change.getUserId());
    if (change.getRole() != Role.ROLE_OWNER) {
      // Also when nobody else is left: who is alone can leave, but a group of members could never be led again.
      requireAnotherOwner(state, target);
    }
    return RoleChanged.newBuilder().setUserId(change.getUserId()).setRole(change.getRole()).build();
  }

  private static void requireAnotherOwner(ConversationState state, Membership leaving) {
    if (leaving.role() == Role.ROLE_OWNER && state.ownerCount() == 1) {
      throw Decider.refused(
          ErrorReason.ERROR_REASON_LAST_OWNER, "the only owner names another owner first");
    }
  }

  private static Membership memberNamed(ConversationState state, String userId) {
    Membership member = state.member(userId);
    if (member == null || !member.isCurrent()) {
      throw Decider.refused(
          ErrorReason.ERROR_REASON_MEMBER_NOT_FOUND, "the named user is not a member");
    }
    return member;
  }

  /** Whether these users, as far as they are no members yet, may become some. */
  private static void checkRoom(ConversationState state, List<String> joining, ConversationLimits limits) {
    int members = state.memberCount();
    int users = state.userCount();
    for (String userId : joining) {
      Membership before = state.member(userId);
      if (isCurrent(before)) {
        continue;
      }
      members++;
      if (before == null) {
        users++;
      } else if (before.ranges().size() >= limits.rangesPerMember()) {
        throw new RefusedException(Refusal.limitExceeded("stays of one user", limits.rangesPerMember()));
      }
    }
    if (members > limits.members()) {
      throw new RefusedException(Refusal.limitExceeded("members", limits.members()));
    }
    if (users > limits.usersEver()) {
      throw new RefusedException(Refusal.limitExceeded("members and former members", limits.usersEver()));
    }
  }

  private static boolean isCurrent(@Nullable Membership member) {
    return member != null && member.isCurrent();
  }

  private static RefusedException wrongKind() {
    return Decider.refused(
        ErrorReason.ERROR_REASON_WRONG_KIND, "a direct conversation has no members to change and no title");
  }
}
