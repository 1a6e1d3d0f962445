package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.v1.ClientFrame;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private static ClientFrame read(byte[] utf8) throws Json.MalformedException {
    ClientFrame.Builder frame = ClientFrame.newBuilder();
    Json.read(ByteBuffer.wrap(utf8), frame);
    return frame.build();
  }

  private static ClientFrame read(String text) throws Json.MalformedException {
    return read(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void numbersOf64BitsMayBeStringsOrNumbers() throws Exception {
    assertThat(read("{\"credit\":{\"frames\":\"7\"}}").getCredit().getFrames()).isEqualTo(7);
    assertThat(read("{\"credit\":{\"frames\":7}}").getCredit().getFrames()).isEqualTo(7);
    assertThat(read("{\"credit\":{\"frames\":7e2}}").getCredit().getFrames()).isEqualTo(700);
  }

  @Test
  void whatIsNotKnownIsPassedOver() throws Exception {
    assertThat(read("{\"newerThanThisServer\":{\"a\":[1]}}")).isEqualTo(ClientFrame.getDefaultInstance());
  }

  @Test
  void textMayHoldWhatElsewhereWouldBeANumber() throws Exception {
    String said = "\\\" 1e999999999 \\\\";
    assertThat(read("{\"command\":{\"message\":{\"text\":\"" + said + "\"}}}").getCommand().getMessage().getText())
        .isEqualTo("\" 1e999999999 \\");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "nonsense", "[]", "7", "{\"credit\":", "{\"credit\":7}", "{\"credit\":{\"frames\":-1}}",
        "{\"credit\":{\"frames\":1e999999999}}", "{\"credit\":{\"frames\":1E+99999}}",
        "{\"hello\":{},\"typing\":{}}"
      })
  void whatIsNoFrameIsMalformed(String text) {
    assertThatThrownBy(() -> read(text)).isInstanceOf(Json.MalformedException.class);
  }

  @Test
  void aNumberOfManyCharactersIsMalformedEvenIfItFits() throws Exception {
    assertThat(read("{\"credit\":{\"frames\":7." + "0".repeat(400) + "}}").getCredit().getFrames()).isEqualTo(7);
    for (String number : List.of("7." + "0".repeat(250_000), "\"7." + "0".repeat(250_000) + "\"")) {
      assertThatThrownBy(() -> read("{\"credit\":{\"frames\":" + number + "}}"))
          .isInstanceOf(Json.MalformedException.class);
    }
  }

  @Test
  void deepNestingAndBadUtf8AreMalformed() {
    assertThatThrownBy(() -> read("[".repeat(100_000))).isInstanceOf(Json.MalformedException.class);
    assertThatThrownBy(() -> read("{\"x\":".repeat(50_000))).isInstanceOf(Json.MalformedException.class);
    assertThatThrownBy(() -> read(new byte[] {'{', '"', (byte) 0xff, '"', '}'}))
        .isInstanceOf(Json.MalformedException.class)
        .hasMessageContaining("UTF-8");
  }
}
