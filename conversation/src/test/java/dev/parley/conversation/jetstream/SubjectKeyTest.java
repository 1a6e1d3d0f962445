package dev.parley.conversation.jetstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubjectKeyTest {
  @ParameterizedTest
  @CsvSource({"abc,abc", "A-z_0,A-z_0", "a.b,a=2Eb", "a>,a=3E", "*,=2A", "'a b',a=20b", "=,=3D", "é,=C3=A9"})
  void whatASubjectCannotHaveIsEncoded(String key, String token) {
    assertThat(SubjectKey.encode(key)).isEqualTo(token);
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "a.b.>", "=41", "\u0000\n", "会話", "🙂"})
  void decodingGivesTheKeyBack(String key) {
    String token = SubjectKey.encode(key);
    assertThat(token).matches("[A-Za-z0-9_=-]+");
    assertThat(SubjectKey.decode(token)).isEqualTo(key);
  }

  @Test
  void anEmptyKeyIsRefused() {
    assertThatThrownBy(() -> SubjectKey.encode("")).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"=", "=4", "a=", "=ZZ"})
  void whatIsNotATokenIsNotDecoded(String token) {
    assertThatThrownBy(() -> SubjectKey.decode(token)).isInstanceOf(IllegalArgumentException.class);
  }
}
