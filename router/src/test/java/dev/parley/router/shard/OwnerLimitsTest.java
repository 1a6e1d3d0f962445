package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsException;
import dev.parley.chassis.config.SettingsPrefix;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OwnerLimitsTest {
  @SettingsPrefix("parley.program")
  record Program(OwnerLimits owner) {}

  private static OwnerLimits withTail(String bytes) {
    return Settings.load(Program.class, Map.of(), List.of("--parley.program.owner.tail-bytes=" + bytes)).owner();
  }

  @Test
  void aTailThatNoRingCanHoldIsRefusedAndNotCut() {
    assertThat(withTail("1GiB").tailBytes()).isEqualTo(1L << 30);
    assertThat(withTail("0").tailBytes()).isZero();
    assertThatThrownBy(() -> withTail("1073741825"))
        .isInstanceOf(SettingsException.class)
        .hasMessage("parley.program.owner: tail-bytes must be 0 to 1GiB, not 1073741825");
  }
}
