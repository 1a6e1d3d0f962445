package dev.parley.presence.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PresenceStoreMemoryTest extends PresenceStoreContract {
  private long micros = 1_000_000;
  private final MemoryPresenceStore store = new MemoryPresenceStore(() -> micros);

  @BeforeEach
  void open() {
    store.open(heard);
  }

  @Override
  PresenceStore store() {
    return store;
  }

  @Override
  void pass(Duration time) {
    micros += time.toNanos() / 1000;
  }

  @Test
  void anEmptiedStoreHasAnotherEpoch() {
    term("a");
    long epoch = now(store.renew(Map.of(), LEASE)).epoch();
    store.empty();
    assertThat(now(store.renew(Map.of(), LEASE)).epoch()).isNotEqualTo(epoch);
    assertThat(now(store.read(List.of(), List.of())).version()).isZero();
  }
}
