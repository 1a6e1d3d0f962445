package dev.parley.conversation;

import static dev.parley.conversation.Talk.assertRepeated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Decision.Append;
import dev.parley.conversation.Decision.NeedsSearch;
import dev.parley.conversation.Facts.Search;
import dev.parley.v1.ErrorReason;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ExactlyOnceTest {
  private final Talk talk = Talk.group("bob");

  @Test
  void theSameCommandAgainGivesTheSameSeq() {
    Request request = talk.request("bob", Commands.message("hello"));
    talk.decide(request);

    assertRepeated(talk.decide(request), 2);
    assertThat(talk.events).hasSize(2);
  }

  @Test
  void theSameIdWithAnotherBodyIsAConflictThatNamesTheSeq() {
    Request request = talk.request("bob", Commands.message("hello"));
    talk.decide(request);
    Request other = Request.of("bob", request.command().toBuilder()
        .setMessage(Commands.message("other").getMessage())
        .build());

    Refusal refusal = Talk.refusal(talk.decide(other));

    assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT);
    assertThat(refusal.metadata().get("seq")).isEqualTo("2");
  }

  @Test
  void theSameIdOfAnotherSenderIsAnotherId() {
    Request request = talk.request("bob", Commands.message("hello"));
    talk.decide(request);

    assertThat(talk.decide(Request.of("ann", request.command()))).isInstanceOf(Append.class);
  }

  @Test
  void beyondTwoMinutesTheLogIsSearchedForTheId() {
    Request request = talk.request("bob", Commands.message("hello"));
    talk.decide(request);
    talk.later(Duration.ofMinutes(3));
    talk.messages("ann", 40);

    Decision decision = talk.decide(request);
    assertThat(decision).isEqualTo(new NeedsSearch(request.idTime().minusSeconds(30), 42 - 40));

    talk.facts = Facts.NONE.withSearch(new Search.Found(2, request.bodyHash()));
    assertRepeated(talk.decide(request), 2);
    talk.facts = Facts.NONE.withSearch(new Search.Found(2, request.bodyHash() + 1));
    assertThat(Talk.refusal(talk.decide(request)).reason())
        .isEqualTo(ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT);
    talk.facts = Facts.NONE.withSearch(new Search.NotFound());
    assertThat(talk.decide(request)).isInstanceOf(Append.class);
  }

  @Test
  void anIdThatMayHaveBeenTrimmedIsRefusedAsTooOld() {
    Request request = talk.request("bob", Commands.message("hello"));
    talk.decide(request);
    talk.later(Duration.ofMinutes(3));
    talk.messages("ann", 40);
    talk.facts = Facts.NONE.withSearch(new Search.Trimmed());

    assertThat(Talk.refusal(talk.decide(request)).reason())
        .isEqualTo(ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_TOO_OLD);
  }

  @Test
  void aFreshIdNeedsNoSearch() {
    talk.later(Duration.ofMinutes(3));
    talk.messages("ann", 40);

    assertThat(talk.decide("bob", Commands.message("new"))).isInstanceOf(Append.class);
  }

  @Test
  void anIdFromTheFutureIsToldTheServersTime() {
    Request request = talk.request("bob", Commands.message("hello"));
    talk.later(Duration.ofSeconds(-31));
    talk.state = ConversationState.absent(Talk.GROUP);

    Refusal refusal = Talk.refusal(talk.decide(request));

    assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_IN_FUTURE);
    assertThat(refusal.metadata().get("server_time_ms")).isEqualTo(Long.toString(talk.now.toEpochMilli()));
  }

  @Test
  void anIdOlderThanThirtyDaysIsRefused() {
    Request request = talk.request("bob", Commands.message("hello"));
    talk.decide(request);
    talk.later(Duration.ofDays(30));
    assertRepeated(talk.decide(request), 2);

    talk.later(Duration.ofSeconds(1));

    assertThat(Talk.refusal(talk.decide(request)).reason())
        .isEqualTo(ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_TOO_OLD);
  }

  @Test
  void aRepeatedRemovalOfSomebodyWhoIsGoneStillGivesItsSeq() {
    Request removal = talk.request("ann", Commands.remove("bob"));
    talk.decide(removal);

    assertRepeated(talk.decide(removal), 2);
  }

  @Test
  void whoHasLeftIsStillToldTheSeqOfTheLeaving() {
    Request leaving = talk.request("bob", Commands.leave());
    talk.decide(leaving);

    assertRepeated(talk.decide(leaving), 2);
  }

  @Test
  void aStrangerWithAKnownIdLearnsNothing() {
    Request request = talk.request("bob", Commands.message("hello"));
    talk.decide(request);

    assertThat(Talk.refusal(talk.decide(Request.of("eve", request.command()))).reason())
        .isEqualTo(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND);
  }

  @Test
  void eventTimesNeverGoBack() {
    talk.messages("ann", 1);
    talk.later(Duration.ofSeconds(-10));

    talk.messages("ann", 1);

    assertThat(talk.events.get(2).getTime()).isEqualTo(talk.events.get(1).getTime());
  }
}
