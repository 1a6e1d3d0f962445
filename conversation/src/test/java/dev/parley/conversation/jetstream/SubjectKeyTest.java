package dev.parley.conversation.jetstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SubjectKeyTest {
  @Test
  void whatASubjectCannotHaveIsEncoded() {
    assertThat(SubjectKey.encode("abc")).isEqualTo("abc");
    assertThat(SubjectKey.encode("A-z_0")).isEqualTo("A-z_0");
    assertThat(SubjectKey.encode("a.b")).isEqualTo("a=2Eb");
    assertThat(SubjectKey.encode("a>")).isEqualTo("a=3E");
    assertThat(SubjectKey.encode("*")).isEqualTo("=2A");
    assertThat(SubjectKey.encode("a b")).isEqualTo("a=20b");
    assertThat(SubjectKey.encode("=")).isEqualTo("=3D");
    assertThat(SubjectKey.encode("é")).isEqualTo("=C3=A9");
  }

  @Test
  void decodingGivesTheKeyBack() {
    for (String key : new String[] {"abc", "a.b.>", "=41", "\u0000\n", "会話", "🙂"}) {
      String token = SubjectKey.encode(key);
      assertThat(token).matches("[A-Za-z0-9_=-]+");
      assertThat(SubjectKey.decode(token)).isEqualTo(key);
    }
  }

  @Test
  void anEmptyKeyIsRefused() {
    assertThatThrownBy(() -> SubjectKey.encode("")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatIsNotATokenIsNotDecoded() {
    for (String token : new String[] {"=", "=4", "a=", "=ZZ"}) {
      assertThatThrownBy(() -> SubjectKey.decode(token)).as(token).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
