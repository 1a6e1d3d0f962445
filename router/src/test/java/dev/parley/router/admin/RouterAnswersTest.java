package dev.parley.router.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.internal.v1.DeliveredQuestion;
import dev.parley.internal.v1.DrainAnswer;
import dev.parley.internal.v1.DrainOrder;
import dev.parley.internal.v1.RouterQuestion;
import dev.parley.internal.v1.StatsQuestion;
import dev.parley.router.session.Acknowledged;
import dev.parley.v1.RouterStats;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RouterAnswersTest {
  private final AtomicInteger left = new AtomicInteger();
  private final CompletableFuture<RouterStats> stats = new CompletableFuture<>();
  private final RouterAnswers answers =
      new RouterAnswers("router-1", new Acknowledged(), () -> stats, left::incrementAndGet);

  private List<byte[]> answer(RouterQuestion.Builder question) {
    return answers.apply(question.build().toByteArray()).join();
  }

  @Test
  void onlyTheRouterThatIsMeantLeaves() throws Exception {
    assertThat(answer(RouterQuestion.newBuilder().setDrain(DrainOrder.newBuilder().setRouter("router-2")))).isEmpty();
    assertThat(left).hasValue(0);

    List<byte[]> answer = answer(RouterQuestion.newBuilder().setDrain(DrainOrder.newBuilder().setRouter("router-1")));
    assertThat(DrainAnswer.parseFrom(answer.getFirst()).getRouter()).isEqualTo("router-1");
    assertThat(left).hasValue(1);
  }

  @Test
  void statsComeWhenTheyAreGatheredAndDevicesAtOnce() throws Exception {
    CompletableFuture<List<byte[]>> asked =
        answers.apply(
            RouterQuestion.newBuilder().setStats(StatsQuestion.getDefaultInstance()).build().toByteArray());
    assertThat(asked).isNotDone();
    stats.complete(RouterStats.newBuilder().setRouter("router-1").build());
    assertThat(RouterStats.parseFrom(asked.join().getFirst()).getRouter()).isEqualTo("router-1");

    assertThat(answer(RouterQuestion.newBuilder().setDelivered(DeliveredQuestion.getDefaultInstance()))).hasSize(1);
  }

  @Test
  void whatIsNotReadableIsLeftToOthersAndWhatANewerReleaseAsksIsAnsweredWithNothing() {
    assertThat(answers.apply(new byte[] {1, 2, 3}).join()).isEmpty();
    assertThat(answer(RouterQuestion.newBuilder())).singleElement().satisfies(part -> assertThat(part).isEmpty());
  }
}
