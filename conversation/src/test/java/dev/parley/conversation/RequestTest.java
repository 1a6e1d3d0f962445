package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UnknownFieldSet;
import dev.parley.v1.Attachment;
import dev.parley.v1.Command;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.Message;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestTest {
  private static final String ID = ClientEventIds.create(Talk.START);

  @Test
  void theConversationOfADirectCreationFollowsFromItsUsers() {
    String direct = ConversationIds.direct("ann", "bob");

    assertThat(Request.of("ann", Commands.direct("bob").setClientEventId(ID).build()).conversationId())
        .isEqualTo(direct);
    assertThat(Request.of("bob", command(Commands.direct("ann"), direct)).conversationId()).isEqualTo(direct);
    assertThat(invalidField(command(Commands.direct("bob"), Talk.GROUP))).isEqualTo("conversation_id");
  }

  @Test
  void idsMustBeCanonical() {
    assertThat(invalidField(Commands.message("m").setConversationId(Talk.GROUP).build()))
        .isEqualTo("client_event_id");
    assertThat(invalidField(inGroup(Commands.message("m")).toBuilder()
            .setClientEventId("01900000-0000-4000-8000-000000000000")
            .build()))
        .isEqualTo("client_event_id");
    for (String id : List.of("", "chat.>", "a b", Talk.GROUP.replace('0', 'A'))) {
      assertThat(invalidField(command(Commands.message("m"), id))).isEqualTo("conversation_id");
    }
    assertThat(invalidField(command(group(), ConversationIds.direct("ann", "bob")))).isEqualTo("conversation_id");
  }

  @Test
  void aMessageHasTextOrAnAttachment() {
    assertThat(invalidField(inGroup(Commands.message("")))).isEqualTo("message");
    Message attachment = Message.newBuilder()
        .addAttachments(Attachment.newBuilder().setUri("https://example.org/a.png"))
        .build();
    assertThat(Request.of("ann", inGroup(Command.newBuilder().setMessage(attachment))).command().getMessage())
        .isEqualTo(attachment);
  }

  @Test
  void aMessageIsAtMost64KiBEncoded() {
    Refusal refusal = refusal(inGroup(Commands.message("x".repeat(65_536))));

    assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_TOO_LARGE);
    assertThat(refusal.metadata().get("limit")).isEqualTo("65536");
    assertThat(refusal.metadata().get("size")).isEqualTo("65540");
    assertThat(Request.of("ann", inGroup(Commands.message("x".repeat(65_532))))).isNotNull();
  }

  @Test
  void textIsMeasuredInBytes() {
    assertThat(invalidField(inGroup(Commands.rename("é".repeat(129))))).isEqualTo("rename.title");
    assertThat(Request.of("ann", inGroup(Commands.rename("é".repeat(128))))).isNotNull();
  }

  @Test
  void eachFieldKeepsItsRule() {
    assertThat(invalidField(inGroup(Commands.react(0)))).isEqualTo("reaction.target_seq");
    assertThat(invalidField(inGroup(Commands.edit(1, "")))).isEqualTo("edit.message");
    assertThat(invalidField(inGroup(Commands.add("bob", "bob")))).isEqualTo("add_members.user_ids");
    assertThat(invalidField(inGroup(Commands.add()))).isEqualTo("add_members.user_ids");
    assertThat(invalidField(inGroup(Commands.remove("ann")))).isEqualTo("remove_member.user_id");
    assertThat(refusal(inGroup(Command.newBuilder())).reason()).isEqualTo(ErrorReason.ERROR_REASON_UNKNOWN_FRAME);
  }

  @Test
  void theBodyHashDependsOnWhatIsSaidNotOnOrderOrUnknownFields() {
    Message one = Message.newBuilder().setText("m").putMetadata("a", "1").putMetadata("b", "2").build();
    Message two = Message.newBuilder().putMetadata("b", "2").putMetadata("a", "1").setText("m").build();
    Message newer = two.toBuilder()
        .setUnknownFields(UnknownFieldSet.newBuilder()
            .addField(999, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
            .build())
        .build();

    assertThat(request(newer).bodyHash()).isEqualTo(request(one).bodyHash()).isEqualTo(request(two).bodyHash());
    assertThat(request(newer).command().getMessage()).isEqualTo(two);
    assertThat(request(one.toBuilder().setText("n").build()).bodyHash()).isNotEqualTo(request(one).bodyHash());
    assertThat(Request.of("ann", inGroup(Commands.join())).bodyHash())
        .isNotEqualTo(Request.of("ann", inGroup(Commands.leave())).bodyHash());
  }

  private static Request request(Message message) {
    return Request.of("ann", inGroup(Command.newBuilder().setMessage(message)));
  }

  private static Command.Builder group() {
    return Commands.group(HistoryPolicy.HISTORY_POLICY_ALL, JoinPolicy.JOIN_POLICY_OPEN);
  }

  private static Command inGroup(Command.Builder command) {
    return command(command, Talk.GROUP);
  }

  private static Command command(Command.Builder command, String conversationId) {
    return command.setClientEventId(ID).setConversationId(conversationId).build();
  }

  private static String invalidField(Command command) {
    Refusal refusal = refusal(command);
    assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_INVALID_FIELD);
    return refusal.metadata().getOrDefault("field", "");
  }

  private static Refusal refusal(Command command) {
    try {
      Request.of("ann", command);
    } catch (RefusedException refused) {
      return refused.refusal();
    }
    throw new AssertionError("not refused: " + command);
  }
}
