package dev.parley.sdk;

import dev.parley.v1.Command;
import dev.parley.v1.ConversationCreated;
import dev.parley.v1.CreateConversation;
import dev.parley.v1.Event;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.MemberJoined;
import dev.parley.v1.MemberLeft;
import dev.parley.v1.MemberRemoved;
import dev.parley.v1.MembersAdded;
import dev.parley.v1.Renamed;
import dev.parley.v1.RoleChanged;
import dev.parley.v1.Stored;

/** Makes the event for which a SendResult stands, out of the command that the session sent. */
final class OwnEvent {
  private OwnEvent() {}

  /** The event that all other sessions get for this command. */
  static Event of(Command command, Stored stored, String senderId) {
    if (stored.hasEvent()) {
      return stored.getEvent();
    }
    Event.Builder event =
        Event.newBuilder()
            .setSeq(stored.getCursor().getSeq())
            .setSenderId(senderId)
            .setClientEventId(command.getClientEventId())
            .setTime(stored.getTime())
            .setMessageCount(stored.getMessageCount());
    switch (command.getActionCase()) {
      case MESSAGE -> event.setMessage(command.getMessage());
      case EDIT -> event.setEdit(command.getEdit());
      case DELETION -> event.setDeletion(command.getDeletion());
      case REACTION -> event.setReaction(command.getReaction());
      case CREATE -> event.setCreated(created(command.getCreate()));
      case ADD_MEMBERS ->
          event.setMembersAdded(MembersAdded.newBuilder().addAllUserIds(command.getAddMembers().getUserIdsList()));
      case REMOVE_MEMBER ->
          event.setMemberRemoved(MemberRemoved.newBuilder().setUserId(command.getRemoveMember().getUserId()));
      case JOIN -> event.setMemberJoined(MemberJoined.getDefaultInstance());
      case LEAVE -> event.setMemberLeft(MemberLeft.getDefaultInstance());
      case SET_ROLE ->
          event.setRoleChanged(
              RoleChanged.newBuilder().setUserId(command.getSetRole().getUserId()).setRole(
                  command.getSetRole().getRole()));
      case RENAME -> event.setRenamed(Renamed.newBuilder().setTitle(command.getRename().getTitle()));
      case ACTION_NOT_SET -> throw new IllegalArgumentException("A command without an action cannot be stored");
    }
    return event.build();
  }

  private static ConversationCreated created(CreateConversation create) {
    return ConversationCreated.newBuilder()
        .setKind(create.getKind())
        .setTitle(create.getTitle())
        .setHistoryPolicy(
            create.getHistoryPolicy() == HistoryPolicy.HISTORY_POLICY_UNSPECIFIED
                ? HistoryPolicy.HISTORY_POLICY_FROM_JOIN
                : create.getHistoryPolicy())
        .setJoinPolicy(
            create.getJoinPolicy() == JoinPolicy.JOIN_POLICY_UNSPECIFIED
                ? JoinPolicy.JOIN_POLICY_INVITE_ONLY
                : create.getJoinPolicy())
        .addAllMemberIds(create.getMemberIdsList())
        .build();
  }
}
