package dev.parley.chassis.errors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.ClientFrame;
import dev.parley.v1.Cursor;
import dev.parley.v1.Cursors;
import dev.parley.v1.ConversationCursor;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

@Order(1)
class ValidationTest {
  private static final Validation validation = new Validation();

  @Test
  void whatKeepsTheRulesPasses() {
    assertThat(validation.check(cursorOf("01890000-0000-7000-8000-00000000000a"))).isNull();
  }

  @Test
  @Order(1)
  void aBrokenRuleIsNamedByTheFieldsPath() {
    assertThat(validation.check(cursorOf("a.b>*")))
        .isNotNull()
        .extracting(Validation.Violation::field)
        .isEqualTo("cursors.cursors[0].conversation_id");
  }

  private static ClientFrame cursorOf(String conversationId) {
    return ClientFrame.newBuilder()
            .setCursors(
                Cursors.newBuilder()
                    .addCursors(
                        ConversationCursor.newBuilder()
                            .setConversationId(conversationId)
                            .setCursor(Cursor.getDefaultInstance())))
            .build();
  }
}
