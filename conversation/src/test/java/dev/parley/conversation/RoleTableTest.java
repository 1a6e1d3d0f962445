package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.Role;
import org.junit.jupiter.api.Test;

class RoleTableTest {
  @Test
  void theTableSaysWhoMayDoWhat() {
    assertThat(RoleTable.toMarkdown()).isEqualTo("""
        | | member | admin | owner |
        |---|---|---|---|
        | send a message | yes | yes | yes |
        | add and take back reactions | yes | yes | yes |
        | edit one's own message | yes | yes | yes |
        | delete one's own message | yes | yes | yes |
        | delete others' messages | | yes | yes |
        | leave | yes | yes | yes |
        | add members | | yes | yes |
        | remove a member | | yes | yes |
        | remove an admin or owner | | | yes |
        | rename | | yes | yes |
        | give and take roles | | | yes |
        """);
  }

  @Test
  void aFormerMemberMayDoNothing() {
    for (Permission permission : Permission.values()) {
      assertThat(RoleTable.allows(Role.ROLE_UNSPECIFIED, permission)).isFalse();
    }
  }
}
