package dev.parley.dispatcher.push;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CollapseIdTest {
  @Test
  void anIdThatFitsIsUsedAsItIs() {
    assertThat(CollapseId.of(Pushes.CONVERSATION, 64)).isEqualTo(Pushes.CONVERSATION);
    assertThat(CollapseId.of("c".repeat(64), 64)).isEqualTo("c".repeat(64));
  }

  @Test
  void aLongerOneIsHashed() {
    assertThat(CollapseId.of("c".repeat(65), 64)).hasSize(32).isNotEqualTo(CollapseId.of("c".repeat(66), 64));
  }

  @Test
  void whatCannotStandInAHeaderIsHashed() {
    assertThat(CollapseId.of("größe", 64)).hasSize(32);
    assertThat(CollapseId.of("a\r\nb: c", 64)).hasSize(32);
  }

  @Test
  void aTopicHas32CharactersOfTheUrlSafeAlphabet() {
    for (int i = 0; i < 50; i++) {
      assertThat(CollapseId.hashed("conversation-" + i)).matches("[A-Za-z0-9_-]{32}");
    }
  }
}
