package dev.parley.conversation;

import static dev.parley.v1.ErrorReason.ERROR_REASON_EVENT_NOT_EDITABLE;
import static dev.parley.v1.ErrorReason.ERROR_REASON_EVENT_NOT_FOUND;
import static dev.parley.v1.ErrorReason.ERROR_REASON_LIMIT_EXCEEDED;
import static dev.parley.v1.ErrorReason.ERROR_REASON_ROLE_NOT_ALLOWED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Decision.NeedsTarget;
import dev.parley.v1.Event;
import dev.parley.v1.Role;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MessagesTest {
  private final Talk talk = Talk.group("bob", "cid");

  @BeforeEach
  void bobSaysSomething() {
    talk.done("bob", Commands.message("helo"));
  }

  @Test
  void anEventCarriesSeqTimeAndMessageCount() {
    Event event = talk.done("ann", Commands.message("hi"));

    assertThat(event.getSeq()).isEqualTo(3);
    assertThat(event.getMessageCount()).isEqualTo(2);
    assertThat(Timestamps.toInstant(event.getTime())).isEqualTo(talk.now);
    assertThat(event.getSenderId()).isEqualTo("ann");
  }

  @Test
  void aTargetIsReadBeforeItIsTouched() {
    Request request = talk.request("bob", Commands.edit(2, "hello"));

    assertThat(Decider.decide(talk.state, request, Facts.NONE, talk.now, talk.limits)).isEqualTo(new NeedsTarget(2));
  }

  @Test
  void oneEditsOnlyOnesOwnMessages() {
    Event edit = talk.done("bob", Commands.edit(2, "hello"));

    assertThat(edit.getMessageCount()).isEqualTo(1);
    assertThat(talk.refused("ann", Commands.edit(2, "mine"))).isEqualTo(ERROR_REASON_EVENT_NOT_EDITABLE);
    assertThat(talk.refused("bob", Commands.edit(3, "an edit"))).isEqualTo(ERROR_REASON_EVENT_NOT_EDITABLE);
  }

  @Test
  void adminsDeleteOthersMessagesAndMembersTheirOwn() {
    talk.messages("ann", 1);
    assertThat(talk.refused("cid", Commands.delete(2))).isEqualTo(ERROR_REASON_ROLE_NOT_ALLOWED);
    talk.done("ann", Commands.role("cid", Role.ROLE_ADMIN));

    talk.done("cid", Commands.delete(3));
    talk.done("bob", Commands.delete(2));

    assertThat(List.copyOf(talk.state.deletedSeqs())).containsExactly(2L, 3L);
    assertThat(talk.state.messageCount()).isEqualTo(2);
  }

  @Test
  void whatWasDeletedIsLeftAlone() {
    talk.done("bob", Commands.delete(2));

    assertThat(talk.refused("bob", Commands.delete(2))).isEqualTo(ERROR_REASON_EVENT_NOT_EDITABLE);
    assertThat(talk.refused("bob", Commands.edit(2, "x"))).isEqualTo(ERROR_REASON_EVENT_NOT_EDITABLE);
    assertThat(talk.refused("ann", Commands.react(2))).isEqualTo(ERROR_REASON_EVENT_NOT_EDITABLE);
  }

  @Test
  void readersGetNeitherADeletedMessageNorItsEdits() {
    Event edit = talk.done("bob", Commands.edit(2, "hello"));
    talk.done("bob", Commands.delete(2));

    assertThat(talk.state.isCut(talk.events.get(1))).isTrue();
    assertThat(talk.state.isCut(edit)).isTrue();
    assertThat(talk.state.isCut(talk.events.getFirst())).isFalse();
  }

  @Test
  void oneReactsToMessagesOnly() {
    talk.done("cid", Commands.react(2));

    assertThat(talk.refused("cid", Commands.react(1))).isEqualTo(ERROR_REASON_EVENT_NOT_EDITABLE);
    assertThat(talk.refused("cid", Commands.react(99))).isEqualTo(ERROR_REASON_EVENT_NOT_FOUND);
    assertThat(talk.refused("cid", Commands.react(-1))).isEqualTo(ERROR_REASON_EVENT_NOT_FOUND);
  }

  @Test
  void anAnswerIsToSomethingThatTheSenderCanRead() {
    talk.done("ann", Commands.add("dan"));

    talk.done("dan", Commands.reply(3, "thanks"));
    assertThat(talk.refused("dan", Commands.reply(2, "what?"))).isEqualTo(ERROR_REASON_EVENT_NOT_FOUND);
    assertThat(talk.refused("dan", Commands.react(2))).isEqualTo(ERROR_REASON_EVENT_NOT_FOUND);
    assertThat(talk.refused("bob", Commands.reply(99, "what?"))).isEqualTo(ERROR_REASON_EVENT_NOT_FOUND);
  }

  @Test
  void anEventThatTheLogLacksIsNotFound() {
    Request request = talk.request("bob", Commands.react(2));
    Facts trimmed = Facts.NONE.withTarget(Facts.Target.absent(2));

    Decision decision = Decider.decide(talk.state, request, trimmed, talk.now, talk.limits);

    assertThat(Talk.refusal(decision).reason()).isEqualTo(ERROR_REASON_EVENT_NOT_FOUND);
  }

  @Test
  void deletionsAreLimited() {
    talk.messages("bob", 1);
    talk.limits = new ConversationLimits(3, 4, 2, 2, 1, 1000, 256, 128);
    talk.done("bob", Commands.delete(2));

    assertThat(talk.refused("bob", Commands.delete(3))).isEqualTo(ERROR_REASON_LIMIT_EXCEEDED);
  }
}
