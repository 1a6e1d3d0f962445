package dev.parley.dispatcher.push;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.dispatcher.push.Push.Alert;
import org.junit.jupiter.api.Test;

class PushTest {
  @Test
  void textsThatFitStayAsTheyAre() {
    Alert alert = new Alert("t".repeat(Push.MAX_TITLE), "b".repeat(Push.MAX_BODY));
    assertThat(alert.fitted()).isEqualTo(alert);
  }

  @Test
  void longerTextsAreCutWithAnEllipsis() {
    Alert fitted = new Alert("t".repeat(Push.MAX_TITLE + 1), "b".repeat(Push.MAX_BODY + 1)).fitted();
    assertThat(fitted.title()).hasSize(Push.MAX_TITLE).endsWith("t…");
    assertThat(fitted.body()).hasSize(Push.MAX_BODY).endsWith("b…");
  }

  @Test
  void noCharacterIsCutInHalf() {
    String body = "b".repeat(Push.MAX_BODY - 2) + "😀😀";
    assertThat(new Alert("", body).fitted().body()).isEqualTo("b".repeat(Push.MAX_BODY - 2) + "…");
  }
}
