package dev.parley.router.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Timestamps;
import dev.parley.internal.v1.DispatchRecord;
import dev.parley.internal.v1.PushOutcome;
import dev.parley.internal.v1.PushResult;
import dev.parley.internal.v1.Withdrawal;
import dev.parley.v1.PushAttempt;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventPushesTest {
  private static final String C = "c";
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

  private final EventPushes pushes = new EventPushes(C, 10, List.of("bob", "carol"));

  private void pushed(String user, String device, long seq, int messages, PushResult result) {
    pushes.fold(
        DispatchRecord.newBuilder()
            .setTime(Timestamps.of(NOON))
            .addPushes(
                PushOutcome.newBuilder()
                    .setConversationId(C)
                    .setUserId(user)
                    .setDeviceId(device)
                    .setSeq(seq)
                    .setMessages(messages)
                    .setResult(result)
                    .setProvider("fcm"))
            .build()
            .toByteArray());
  }

  private void withdrawn(String user, long seq) {
    pushes.fold(
        DispatchRecord.newBuilder()
            .setTime(Timestamps.of(NOON))
            .addWithdrawals(Withdrawal.newBuilder().setConversationId(C).setUserId(user).setSeq(seq))
            .build()
            .toByteArray());
  }

  private List<String> of(String user) {
    return pushes.of(user).stream().map(EventPushesTest::text).toList();
  }

  private static String text(PushAttempt push) {
    return push.getDeviceId() + " " + push.getResult().name().substring("PUSH_ATTEMPT_RESULT_".length());
  }

  @Test
  void aPushCountsUpToTheFirstThatWasAcceptedAndOneWithdrawal() {
    pushed("bob", "phone", 9, 3, PushResult.PUSH_RESULT_ACCEPTED);
    pushed("bob", "phone", 10, 4, PushResult.PUSH_RESULT_DEAD);
    pushed("bob", "phone", 10, 4, PushResult.PUSH_RESULT_REDRIVEN);
    pushed("bob", "phone", 10, 4, PushResult.PUSH_RESULT_ACCEPTED);
    pushed("bob", "tablet", 10, 4, PushResult.PUSH_RESULT_GONE);
    pushed("bob", "phone", 11, 5, PushResult.PUSH_RESULT_ACCEPTED);
    withdrawn("bob", 9);
    withdrawn("carol", 12);
    withdrawn("bob", 11);
    withdrawn("bob", 12);

    assertThat(of("bob"))
        .containsExactly("phone DEAD", "phone REDRIVEN", "phone ACCEPTED", "tablet GONE", " WITHDRAWN");
    assertThat(of("carol")).isEmpty();
    assertThat(pushes.of("bob").getFirst().getTime()).isEqualTo(Timestamps.of(NOON));
  }

  @Test
  void aLaterPushCountsIfItTellsOfSoManyMessages() {
    pushed("bob", "phone", 12, 2, PushResult.PUSH_RESULT_ACCEPTED);
    pushed("carol", "phone", 12, 3, PushResult.PUSH_RESULT_ACCEPTED);
    pushed("dave", "phone", 10, 1, PushResult.PUSH_RESULT_ACCEPTED);

    assertThat(of("bob")).isEmpty();
    assertThat(of("carol")).containsExactly("phone ACCEPTED");
    assertThat(of("dave")).isEmpty();
  }

  @Test
  void whatCannotBeReadIsPassedOver() {
    pushes.fold(new byte[] {1, 2, 3});
    pushed("bob", "phone", 10, 1, PushResult.PUSH_RESULT_ACCEPTED);

    assertThat(of("bob")).hasSize(1);
  }
}
