package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.Event;
import dev.parley.v1.Message;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

class EventTextTest {
  @Test
  void whatOthersSayCannotSteerTheTerminal() {
    assertThat(EventText.line(message("\u001b[2Jgone\r\u202e!"))).isEqualTo("7 bob: \ufffd[2Jgone\ufffd\ufffd!");
  }

  @Test
  void aMessageOfSeveralLinesStaysOneLine() {
    assertThat(EventText.line(message("one\ntwo"))).isEqualTo("7 bob: one / two");
  }

  @Test
  @Order(1)
  void jsonKeepsTheTextAsItIs() {
    assertThat(EventText.json("c", message("a \"b\"\n"))).contains("\"text\":\"a \\\"b\\\"\\n\"").contains("\"seq\":7");
  }

  private static Event message(String text) {
    return Event.newBuilder().setSeq(7).setSenderId("bob").setMessage(Message.newBuilder().setText(text)).build();
  }
}
