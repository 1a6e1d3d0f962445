package dev.parley.conversation;

import dev.parley.v1.AddMembers;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.CreateConversation;
import dev.parley.v1.Deletion;
import dev.parley.v1.Edit;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinConversation;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.LeaveConversation;
import dev.parley.v1.Message;
import dev.parley.v1.Reaction;
import dev.parley.v1.RemoveMember;
import dev.parley.v1.RenameConversation;
import dev.parley.v1.Role;
import dev.parley.v1.SetMemberRole;
import java.util.List;

/** What clients say in these tests: actions without ids. */
public final class Commands {
  private Commands() {}

  public static Command.Builder message(String text) {
    return Command.newBuilder().setMessage(text(text));
  }

  public static Command.Builder reply(long seq, String text) {
    return Command.newBuilder().setMessage(text(text).toBuilder().setReplyToSeq(seq));
  }

  public static Command.Builder edit(long seq, String text) {
    return Command.newBuilder().setEdit(Edit.newBuilder().setTargetSeq(seq).setMessage(text(text)));
  }

  public static Command.Builder delete(long seq) {
    return Command.newBuilder().setDeletion(Deletion.newBuilder().setTargetSeq(seq));
  }

  public static Command.Builder react(long seq) {
    return Command.newBuilder().setReaction(Reaction.newBuilder().setTargetSeq(seq).setSymbol("+1"));
  }

  public static Command.Builder direct(String peer) {
    return Command.newBuilder()
        .setCreate(CreateConversation.newBuilder()
            .setKind(ConversationKind.CONVERSATION_KIND_DIRECT)
            .addMemberIds(peer));
  }

  public static Command.Builder group(HistoryPolicy history, JoinPolicy join, String... members) {
    return Command.newBuilder()
        .setCreate(CreateConversation.newBuilder()
            .setKind(ConversationKind.CONVERSATION_KIND_GROUP)
            .setTitle("a group")
            .setHistoryPolicy(history)
            .setJoinPolicy(join)
            .addAllMemberIds(List.of(members)));
  }

  public static Command.Builder add(String... users) {
    return Command.newBuilder().setAddMembers(AddMembers.newBuilder().addAllUserIds(List.of(users)));
  }

  public static Command.Builder remove(String user) {
    return Command.newBuilder().setRemoveMember(RemoveMember.newBuilder().setUserId(user));
  }

  public static Command.Builder join() {
    return Command.newBuilder().setJoin(JoinConversation.getDefaultInstance());
  }

  public static Command.Builder leave() {
    return Command.newBuilder().setLeave(LeaveConversation.getDefaultInstance());
  }

  public static Command.Builder role(String user, Role role) {
    return Command.newBuilder().setSetRole(SetMemberRole.newBuilder().setUserId(user).setRole(role));
  }

  public static Command.Builder rename(String title) {
    return Command.newBuilder().setRename(RenameConversation.newBuilder().setTitle(title));
  }

  private static Message text(String text) {
    return Message.newBuilder().setText(text).build();
  }
}
