package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.parley.conversation.Decision.Append;
import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Event;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordsTest {
  private static final ByteString ID = ByteString.copyFromUtf8("id");

  private final Talk talk = Talk.group("bob");

  @Test
  void severalEventsDecidedOneOnTheOtherMakeOneRecord() {
    ConversationState provisional = talk.state;
    List<Event> events = new ArrayList<>();
    List<Records.Ids> ids = new ArrayList<>();
    for (String text : List.of("one", "two")) {
      Request request = talk.request("bob", Commands.message(text));
      Event event = ((Append) Decider.decide(provisional, request, Facts.NONE, talk.now, talk.limits)).event();
      provisional = provisional.with(event, request.fingerprint(), request.bodyHash(), talk.now);
      events.add(event);
      ids.add(Records.Ids.of(request));
    }

    LogRecord record = Records.build(talk.state, events, ids, Talk.TERM, ID, talk.now);
    ConversationState stored = provisional.stored(record, 50, record.getSerializedSize());

    assertThat(record.getFirstSeq()).isEqualTo(2);
    assertThat(record.getPreviousPosition()).isEqualTo(Talk.position(1));
    assertThat(record.getMessageCount()).isEqualTo(2);
    assertThat(record.hasPageLinks()).isFalse();
    assertThat(stored).isEqualTo(talk.state.fold(record, 50, record.getSerializedSize()));
    assertThat(stored.cursor().getSeq()).isEqualTo(3);
    assertThat(stored.headRecordId()).isEqualTo(ID);
  }

  @Test
  void aRecordEndsWhereThePageEnds() {
    assertThat(Records.roomInPage(ConversationState.absent(Talk.GROUP))).isEqualTo(64);
    talk.messages("ann", 62);
    assertThat(Records.roomInPage(talk.state)).isEqualTo(1);
    talk.messages("ann", 1);
    assertThat(Records.roomInPage(talk.state)).isEqualTo(64);
    assertThat(talk.records.get(63).hasPageLinks()).isFalse();

    talk.messages("ann", 1);

    assertThat(talk.records.get(64).hasPageLinks()).isTrue();
  }

  @Test
  void eventsThatDoNotFollowOrCrossAPageAreRefused() {
    Event far = Event.newBuilder().setSeq(9).build();
    List<Records.Ids> ids = List.of(new Records.Ids(1, 1), new Records.Ids(2, 2));
    List<Event> crossing = List.of(Event.newBuilder().setSeq(2).build(), Event.newBuilder().setSeq(65).build());

    assertThatThrownBy(() -> Records.build(talk.state, List.of(far), ids.subList(0, 1), Talk.TERM, ID, talk.now))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Records.build(talk.state, crossing, ids, Talk.TERM, ID, talk.now))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aCutCopyLosesTheBodyAndNothingElse() {
    Event message = talk.done("bob", Commands.message("secret"));
    LogRecord record = talk.records.get(1);

    LogRecord cut = Records.cut(record, 2);

    assertThat(Records.event(cut, 0)).isEqualTo(message.toBuilder().clearMessage().setDeleted(true).build());
    assertThat(cut.toByteString().toString(StandardCharsets.ISO_8859_1)).doesNotContain("secret");
    assertThat(cut.toBuilder().clearEvents().build()).isEqualTo(record.toBuilder().clearEvents().build());
    assertThatThrownBy(() -> Records.cut(record, 3)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void foldingCutCopiesGivesTheSameConversation() {
    talk.done("bob", Commands.message("secret"));
    talk.done("bob", Commands.delete(2));

    ConversationState folded = ConversationState.absent(Talk.GROUP);
    for (LogRecord record : talk.records) {
      LogRecord read = record.getFirstSeq() == 2 ? Records.cut(record, 2) : record;
      folded = folded.fold(read, Talk.position(record.getFirstSeq()), record.getSerializedSize());
    }

    assertThat(folded).isEqualTo(talk.state);
  }

  @Test
  void recordsOfOthersAndOutOfOrderAreNotFolded() {
    LogRecord foreign = talk.records.getFirst().toBuilder().setConversationId("another").build();

    assertThatThrownBy(() -> ConversationState.absent(Talk.GROUP).fold(foreign, 3, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> talk.state.fold(talk.records.getFirst(), 9, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aProvisionalStateHasNoSnapshot() {
    Request request = talk.request("bob", Commands.message("m"));
    Event event = ((Append) Decider.decide(talk.state, request, Facts.NONE, talk.now, talk.limits)).event();
    ConversationState provisional = talk.state.with(event, request.fingerprint(), request.bodyHash(), talk.now);

    assertThatThrownBy(provisional::toSnapshot).isInstanceOf(IllegalStateException.class);
  }
}
