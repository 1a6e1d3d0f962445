package dev.parley.conversation;

import static dev.parley.conversation.Talk.assertRepeated;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ExactlyOnceIT {
  private final Talk talk = Talk.group("bob");

  @Test
  void afterManyMessagesWithinTwoMinutesTheIdIsStillKnown() {
    Request request = talk.request("bob", Commands.message("hello"));
    talk.decide(request);
    talk.messages("ann", 10_000);
    talk.later(Duration.ofSeconds(119));

    assertRepeated(talk.decide(request), 2);
  }
}
