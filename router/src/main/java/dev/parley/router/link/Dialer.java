package dev.parley.router.link;

/** Opens wires to other routers. */
public interface Dialer {
  /** Begins to open a wire; one that cannot be opened is closed. Does not block. */
  Wire dial(String address, Wire.Ear ear);
}
