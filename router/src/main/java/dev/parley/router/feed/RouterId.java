package dev.parley.router.feed;

/**
 * One life of a router.
 *
 * @param name as it is configured and shown to clients
 * @param incarnation random, new with each start of the process
 */
public record RouterId(String name, long incarnation) {
  @Override
  public String toString() {
    return name + "/" + Long.toHexString(incarnation);
  }
}
