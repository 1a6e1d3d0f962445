package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RoleTableIT {
  private static final Path PROTOCOL = Path.of("..", "docs", "protocol.md");
  private static final String BEGIN = "<!-- roles -->\n";
  private static final String END = "<!-- /roles -->";

  @Test
  void theDocumentationHasThisTable() throws IOException {
    String text = Files.readString(PROTOCOL);
    assertThat(text).containsOnlyOnce(BEGIN).containsOnlyOnce(END);

    assertThat(text.substring(text.indexOf(BEGIN) + BEGIN.length(), text.indexOf(END)))
        .isEqualTo(RoleTable.toMarkdown());
  }
}
