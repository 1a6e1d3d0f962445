package dev.parley.bench.defects;

import java.util.List;
import java.util.Set;

/**
 * A mistake to be planted in the sources.
 *
 * @param name what a person calls it
 * @param kinds of finding by which it is rightly named
 * @param seeds of the simulation, from 1 on, within which it must be found
 * @param changes to the sources, which together make it
 */
record Defect(String name, Set<String> kinds, int seeds, List<Change> changes) {
  /**
   * A change to a source.
   *
   * @param file its path from the reactor's root
   * @param original what stands there, exactly once
   * @param planted what is to stand there instead
   */
  record Change(String file, String original, String planted) {
    /** The source with the change made. */
    String in(String source) {
      int at = source.indexOf(original);
      if (at < 0 || source.indexOf(original, at + 1) >= 0) {
        throw new AssertionError(
            file + " has changed: what the defect takes the place of " + (at < 0 ? "is not there" : "is there twice")
                + "; plant it anew:\n" + original);
      }
      return source.substring(0, at) + planted + source.substring(at + original.length());
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
