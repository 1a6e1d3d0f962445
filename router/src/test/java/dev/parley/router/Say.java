package dev.parley.router;

import dev.parley.conversation.ClientEventIds;
import dev.parley.conversation.Request;
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
import dev.parley.v1.RemoveMember;
import java.time.Instant;
import java.util.List;

/** What users say in these tests. */
public final class Say {
  public static final String GROUP = "01900000-0000-7000-8000-000000000001";
  public static final String OTHER = "01900000-0000-7000-8000-000000000002";

  private Say() {}

  public static Command.Builder group(String... members) {
    return Command.newBuilder()
        .setCreate(
            CreateConversation.newBuilder()
                .setKind(ConversationKind.CONVERSATION_KIND_GROUP)
                .setHistoryPolicy(HistoryPolicy.HISTORY_POLICY_FROM_JOIN)
                .setJoinPolicy(JoinPolicy.JOIN_POLICY_OPEN)
                .addAllMemberIds(List.of(members)));
  }

  public static Command.Builder message(String text) {
    return Command.newBuilder().setMessage(Message.newBuilder().setText(text));
  }

  public static Command.Builder edit(long seq, String text) {
    return Command.newBuilder()
        .setEdit(Edit.newBuilder().setTargetSeq(seq).setMessage(Message.newBuilder().setText(text)));
  }

  public static Command.Builder delete(long seq) {
    return Command.newBuilder().setDeletion(Deletion.newBuilder().setTargetSeq(seq));
  }

  public static Command.Builder add(String user) {
    return Command.newBuilder().setAddMembers(AddMembers.newBuilder().addUserIds(user));
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

  /** The command with a new id of this moment. */
  public static Command command(String conversation, Command.Builder what, Instant now) {
    return what.setConversationId(conversation).setClientEventId(ClientEventIds.create(now)).build();
  }

  public static Request request(String user, String conversation, Command.Builder what, Instant now) {
    return Request.of(user, command(conversation, what, now));
  }
}
