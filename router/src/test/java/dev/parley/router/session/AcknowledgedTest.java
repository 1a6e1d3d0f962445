package dev.parley.router.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.internal.v1.DeliveredAnswer;
import dev.parley.internal.v1.DeliveredQuestion;
import dev.parley.internal.v1.DeliveredSeq;
import dev.parley.internal.v1.DeviceHas;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AcknowledgedTest {
  private final Acknowledged acknowledged = new Acknowledged();

  private List<DeviceHas> has(String conversation, long seq) throws InvalidProtocolBufferException {
    DeliveredQuestion question =
        DeliveredQuestion.newBuilder()
            .addSeqs(DeliveredSeq.newBuilder().setConversationId("other").setSeq(1))
            .addSeqs(DeliveredSeq.newBuilder().setConversationId(conversation).setSeq(seq))
            .build();
    List<DeviceHas> all = new ArrayList<>();
    for (byte[] part : acknowledged.answer(question)) {
      all.addAll(DeliveredAnswer.parseFrom(part).getHasList());
    }
    return all;
  }

  @Test
  void devicesThatHaveAsMuchAreNamedWithWhatTheyHave() throws Exception {
    acknowledged.put("c", "ann", "phone", 5);
    acknowledged.put("c", "ann", "phone", 3);
    acknowledged.put("c", "bob", "laptop", 4);

    assertThat(has("c", 5)).containsExactly(
        DeviceHas.newBuilder().setQuestion(1).setUserId("ann").setDeviceId("phone").setSeq(5).build());
    assertThat(has("c", 4)).hasSize(2);
    assertThat(has("c", 6)).isEmpty();
  }

  @Test
  void anAnswerComesInPartsAndARoomDoesNotDriveOutTheOthers() throws Exception {
    acknowledged.put("c", "ann", "phone", 5);
    for (int i = 0; i < 5_000; i++) {
      acknowledged.put("room", "user-" + i, "phone", 1);
    }

    assertThat(has("room", 1)).hasSize(5_000);
    assertThat(has("c", 5)).hasSize(1);
  }
}
