package dev.parley.router.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DevicesTest {
  private final Devices devices = new Devices(2);
  private final List<String> displaced = new ArrayList<>();

  private Devices.Displaceable session(String name) {
    return () -> displaced.add(name);
  }

  @Test
  void theOlderSessionOfADeviceGoesWhenTheNewerHasCaughtUp() {
    Devices.Displaceable older = session("older");
    Devices.Displaceable newer = session("newer");
    devices.opened("ann", "phone", older);
    devices.opened("ann", "phone", newer);
    devices.caughtUp("ann", "phone", older);
    assertThat(displaced).isEmpty();
    devices.caughtUp("ann", "phone", newer);

    assertThat(displaced).containsExactly("older");
  }

  @Test
  void ofThreeSessionsTheOldestGoesAtOnce() {
    devices.opened("ann", "phone", session("1"));
    devices.opened("ann", "phone", session("2"));
    devices.opened("ann", "phone", session("3"));

    assertThat(displaced).containsExactly("1");
  }

  @Test
  void aUserHasSoManyDevicesHere() {
    Devices.Displaceable phone = session("phone");
    assertThat(devices.opened("ann", "phone", phone)).isTrue();
    assertThat(devices.opened("ann", "tablet", session("tablet"))).isTrue();
    assertThat(devices.opened("ann", "laptop", session("laptop"))).isFalse();
    assertThat(devices.opened("bob", "laptop", session("laptop"))).isTrue();
    devices.closed("ann", "phone", phone);

    assertThat(devices.opened("ann", "laptop", session("laptop"))).isTrue();
    assertThat(displaced).isEmpty();
  }
}
