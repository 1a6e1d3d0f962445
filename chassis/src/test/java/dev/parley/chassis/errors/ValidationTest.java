package dev.parley.chassis.errors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.ClientFrame;
import dev.parley.v1.Cursor;
import dev.parley.v1.Cursors;
import dev.parley.v1.ConversationCursor;
import dev.parley.v1.GetUsersRequest;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ValidationTest {
  private static Validation validation;

  @BeforeAll
  static void compileTheRules() {
    validation = new Validation();
    assertThat(validation.check(GetUsersRequest.getDefaultInstance())).isNotNull();
    assertThat(validation.check(badCursor())).isNotNull();
  }

  @Test
  void whatKeepsTheRulesPasses() {
    assertThat(validation.check(GetUsersRequest.newBuilder().addUserIds("alice").build())).isNull();
  }

  @Test
  void aBrokenRuleIsNamedByTheFieldsPath() {
    assertThat(validation.check(badCursor()))
        .isNotNull()
        .extracting(Validation.Violation::field)
        .isEqualTo("cursors.cursors[0].conversation_id");
  }

  private static ClientFrame badCursor() {
    return ClientFrame.newBuilder()
            .setCursors(
                Cursors.newBuilder()
                    .addCursors(
                        ConversationCursor.newBuilder()
                            .setConversationId("a.b>*")
                            .setCursor(Cursor.getDefaultInstance())))
            .build();
  }
}
