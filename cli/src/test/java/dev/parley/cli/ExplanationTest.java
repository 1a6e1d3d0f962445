package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import dev.parley.v1.DeviceReceipt;
import dev.parley.v1.Event;
import dev.parley.v1.ExplainEventResponse;
import dev.parley.v1.PushAttempt;
import dev.parley.v1.PushAttemptResult;
import dev.parley.v1.Recipient;
import dev.parley.v1.Term;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ExplanationTest {
  private static Timestamp time(String text) {
    Instant instant = Instant.parse(text);
    return Timestamp.newBuilder().setSeconds(instant.getEpochSecond()).setNanos(instant.getNano()).build();
  }

  private static PushAttempt.Builder push(PushAttemptResult result, String time) {
    return PushAttempt.newBuilder().setResult(result).setTime(time(time));
  }

  private static ExplainEventResponse.Builder answer() {
    return ExplainEventResponse.newBuilder()
        .setEvent(Event.newBuilder().setSeq(17).setSenderId("alice").setTime(time("2026-11-26T10:00:00.123Z")))
        .setKind("message")
        .setShard(3)
        .setPosition(4711)
        .setTerm(Term.newBuilder().setNumber(5))
        .setRouter("router-1")
        .setHeadSeq(20)
        .setRoutersAsked(2)
        .setRoutersAnswered(2);
  }

  @Test
  void whoHasItAndWhatWasPushedStandsInALineForEach() {
    ExplainEventResponse answer =
        answer()
            .addRecipients(
                Recipient.newBuilder()
                    .setUserId("bob")
                    .setMember(true)
                    .setRead(true)
                    .addDevices(DeviceReceipt.newBuilder().setDeviceId("phone-1").setAcknowledgedSeq(19))
                    .addPushes(
                        push(PushAttemptResult.PUSH_ATTEMPT_RESULT_ACCEPTED, "2026-11-26T10:00:03.4Z")
                            .setDeviceId("phone-1")
                            .setProvider("fcm"))
                    .addPushes(push(PushAttemptResult.PUSH_ATTEMPT_RESULT_WITHDRAWN, "2026-11-27T10:00:09Z")))
            .addRecipients(
                Recipient.newBuilder()
                    .setUserId("carol")
                    .addPushes(
                        push(PushAttemptResult.PUSH_ATTEMPT_RESULT_DEAD, "2026-11-26T10:01:03Z")
                            .setDeviceId("old")
                            .setProvider("apns")
                            .setReason("BadDeviceToken")
                            .setAttempts(3)))
            .build();

    assertThat(new Explanation("0190", "", answer).text())
        .hasLineCount(3)
        .contains(
            "conversation 0190 event 17 (message) of alice, stored 2026-11-26T10:00:00.123Z at position 4711 of shard 3"
                + " by router-1 (term 5); the newest event is 20")
        .contains(
            "bob    member  read      phone-1 has it (up to 19)      push to phone-1 (fcm): accepted 10:00:03.4,"
                + " withdrawn 2026-11-27T10:00:09Z")
        .contains(
            "carol  former  not read  no device is known to have it  push to old (apns): a dead letter after 3 tries"
                + " (BadDeviceToken) 10:01:03.0");
  }

  @Test
  void whatIsNotKnownIsSaid() {
    ExplainEventResponse answer =
        answer().setRouter("").setRoutersAnswered(1).setMoreRecipients(true).setMorePushes(true).build();

    assertThat(new Explanation("0190", "dave", answer).text())
        .contains("of shard 3 (term 5)")
        .contains("dave may not read it")
        .contains("1 of 2 routers answered")
        .contains("--of USER")
        .contains("pushes may be missing");
  }
}
