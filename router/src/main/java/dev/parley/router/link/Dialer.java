package dev.parley.router.link;

import dev.parley.chassis.wire.Wire;
import dev.parley.internal.v1.LinkFrame;
/** Opens wires to other routers. */
public interface Dialer {
  /** Begins to open a wire; one that cannot be opened is closed. Does not block. */
  Wire<LinkFrame> dial(String address, Wire.Ear<LinkFrame> ear);
}
