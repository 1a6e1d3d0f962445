package dev.parley.conversation.log.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.BrokerContract;
import dev.parley.conversation.log.Registry;
import dev.parley.conversation.log.ToldRouters;
import dev.parley.v1.Durability;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class MemoryBrokerIT extends BrokerContract {
  private Instant now = Instant.parse("2026-03-01T12:00:00Z");

  @Override
  protected Broker create() {
    return new MemoryBroker(LAYOUT, MAX_BYTES_PER_SHARD, () -> now);
  }

  @Override
  protected void pass(Duration time) {
    now = now.plus(time);
    ((MemoryBroker) broker).registry().expire();
  }

  @Override
  protected void eventually(Runnable assertion) {
    assertion.run();
  }

  @Test
  void aRouterThatIsAnnouncedInTimeStays() throws Exception {
    var told = new ToldRouters();
    get(broker.registry().watch(told));
    get(broker.registry().announce("r1", bytes("1")));
    pass(Registry.TTL.minusMillis(1));
    get(broker.registry().announce("r1", bytes("2")));
    pass(Registry.TTL.minusMillis(1));
    assertThat(told.lines()).containsExactly("r1=1", "r1=2");
    pass(Duration.ofMillis(1));
    assertThat(told.lines()).containsExactly("r1=1", "r1=2", "r1 gone");
  }

  @Test
  void saysThatItKeepsNothing() {
    assertThat(broker.durability()).isEqualTo(Durability.DURABILITY_MEMORY);
  }
}
