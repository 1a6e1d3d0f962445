package dev.parley.conversation.log.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.BrokerContract;
import dev.parley.v1.Durability;
import org.junit.jupiter.api.Test;

class MemoryBrokerIT extends BrokerContract {
  @Override
  protected Broker create() {
    return new MemoryBroker(LAYOUT, MAX_BYTES_PER_SHARD);
  }

  @Override
  protected void eventually(Runnable assertion) {
    assertion.run();
  }

  @Test
  void saysThatItKeepsNothing() {
    assertThat(broker.durability()).isEqualTo(Durability.DURABILITY_MEMORY);
  }
}
