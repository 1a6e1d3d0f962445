package dev.parley.router.presence;

import dev.parley.chassis.wire.Wire;
import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.ToPresence;

/** Opens wires to instances of presence. Thread-safe. */
public interface PresenceDialer {
  /** Opens one; it is closed soon when the address cannot be reached. */
  Wire<ToPresence> dial(String address, Wire.Ear<FromPresence> ear);
}
