package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Request;
import dev.parley.router.Say;
import dev.parley.router.shard.ShardRig.Asked;
import dev.parley.v1.ErrorReason;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ShardOwnerIT {
  /** Far more than the ids that are kept however old they are. */
  private static final int MESSAGES = 2_000;

  private final ShardRig shard = new ShardRig().start().withGroup();

  @Test
  void anIdThatIsNoLongerInMemoryIsFoundInTheLog() {
    Asked first = shard.ask("bob", Say.message("once"));
    shard.time.advance(Duration.ofMinutes(5));
    for (int i = 0; i < MESSAGES; i++) {
      shard.time.advance(Duration.ofMillis(500));
      shard.ask("ann", Say.message("more")).stored();
    }

    Request otherBody =
        Request.of(
            "bob",
            first.request.command().toBuilder().setMessage(Say.message("another").getMessage()).build());
    assertThat(shard.ask(first.request).stored().cursor()).isEqualTo(first.stored().cursor());
    assertThat(shard.ask(otherBody).refusal()).isEqualTo(ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT);
  }
}
